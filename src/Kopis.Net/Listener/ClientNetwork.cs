using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Kopis.Net.Listener;

/// <summary>What part of an address counts as one client, and as one network. One customer has an
/// IPv6 /64 and can change addresses in it (RFC 6177). A /48 is a site, or has 256 customers with a
/// /56, as a /24 has 256 addresses.</summary>
/// <param name="Prefix">The first bits; those of IPv4 are in the low 32.</param>
/// <param name="Bits">How many bits count.</param>
/// <param name="IsIPv6">The family.</param>
internal readonly record struct ClientNetwork(ulong Prefix, int Bits, bool IsIPv6)
{
    private const int AddressBits4 = 32;
    private const int NetworkBits4 = 24;
    private const int AddressBits6 = 64;
    private const int NetworkBits6 = 48;
    private const ulong TranslatedPrefix = 0x0064_FF9B_0000_0000; // 64:ff9b::/96, RFC 6052 §2.1.

    /// <summary>The client and the network of an address.</summary>
    internal static (ClientNetwork Client, ClientNetwork Network) Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = address.TryWriteBytes(bytes, out _);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return OfIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes));
        }

        ulong high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        ulong low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        if (address.IsIPv4MappedToIPv6 || (high == TranslatedPrefix && low <= uint.MaxValue))
        {
            return OfIPv4((uint)low); // A translator has all of IPv4 in one /64.
        }

        const int networkShift = AddressBits6 - NetworkBits6;
        return (new(high, AddressBits6, IsIPv6: true),
            new(high >> networkShift << networkShift, NetworkBits6, IsIPv6: true));
    }

    private static (ClientNetwork Client, ClientNetwork Network) OfIPv4(uint address)
    {
        const int networkShift = AddressBits4 - NetworkBits4;
        return (new(address, AddressBits4, IsIPv6: false),
            new(address >> networkShift << networkShift, NetworkBits4, IsIPv6: false));
    }
}
