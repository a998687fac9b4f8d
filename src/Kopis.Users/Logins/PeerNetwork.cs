using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Users.Logins;

/// <summary>What counts as one peer: an IPv4 address, or an IPv6 /64, which one customer gets (RFC
/// 6177) and can change addresses in at will.</summary>
/// <param name="Prefix">The first 64 bits; an IPv4 address is in the low 32.</param>
/// <param name="IsIPv6">The family.</param>
public readonly record struct PeerNetwork(ulong Prefix, bool IsIPv6)
{
    /// <summary>The peer's network: an IPv4 /24, or an IPv6 /48, which one site gets.</summary>
    public PeerNetwork Wide => this with { Prefix = Prefix >> (IsIPv6 ? 16 : 8) };

    /// <summary>The peer of an address.</summary>
    public static PeerNetwork Of(IPAddress address)
    {
        address = PlainAddress.Of(address);
        byte[] bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new PeerNetwork(BinaryPrimitives.ReadUInt64BigEndian(bytes), true)
            : new PeerNetwork(BinaryPrimitives.ReadUInt32BigEndian(bytes), false);
    }
}
