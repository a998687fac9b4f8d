using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Mail.Smtp;

namespace Kopis.Server;

/// <summary>Finds the addresses by which recipients are delivered, as the control files say.
/// </summary>
internal sealed class DeliveryNames(ControlDirectory control, TimeProvider time)
{
    private readonly Reloading<AddressMap> _map = new(
        control.Watched(AddressMap.Files),
        () => AddressMap.Read(control), time);

    /// <summary>Finds a recipient's name on the local channel.</summary>
    internal RoutedRecipient Route(byte[] recipient)
    {
        try
        {
            AddressMap map = _map.Current();
            byte[] name = map.Route(recipient, out bool isLocal);
            return new RoutedRecipient(recipient, isLocal ? name : null)
            {
                Srs = map.IsSrs(name) ? name : null,
            };
        }
        catch (ConfigurationException)
        {
            return new RoutedRecipient(recipient, Local: null, IsClear: false);
        }
    }
}
