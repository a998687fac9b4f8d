using System.Net;
using System.Net.Sockets;

namespace Kopis.Server.ClientPolicy;

/// <summary>The keys of a client in the tables; null if it has none.</summary>
internal readonly record struct ClientKeys(string? Address, string? Network, string? User)
{
    private const int NetworkBytesFour = 3; // /24
    private const int NetworkBytesSix = 8; // /64: the least that one customer has.

    internal static ClientKeys Of(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        byte[] bytes = address.GetAddressBytes();
        int kept = address.AddressFamily == AddressFamily.InterNetwork
            ? NetworkBytesFour : NetworkBytesSix;
        Array.Clear(bytes, kept, bytes.Length - kept);
        return new ClientKeys(address.ToString(), $"{new IPAddress(bytes)}/{kept * 8}", null);
    }

    internal string? In(LimitScope scope) => scope switch
    {
        LimitScope.Address => Address,
        LimitScope.Network => Network,
        _ => User,
    };
}
