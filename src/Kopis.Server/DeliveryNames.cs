using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;

namespace Kopis.Server;

/// <summary>What recipients are called where they are delivered, as the control files have it.
/// </summary>
internal sealed class DeliveryNames(ControlDirectory control, TimeProvider time)
{
    private readonly Reloading<AddressMap> _map = new(
        control.Watched(AddressMap.Files),
        () => AddressMap.Read(control), time);

    /// <summary>The name on the local channel; null for a recipient that is not delivered here,
    /// or where that cannot be told just now.</summary>
    internal byte[]? Find(ReadOnlySpan<byte> recipient)
    {
        try
        {
            byte[] name = _map.Current().Route(recipient, out bool isLocal);
            return isLocal ? name : null;
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }
}
