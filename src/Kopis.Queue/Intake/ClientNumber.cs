using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Queue.Intake;

/// <summary>Who submits mail over the network, as a number: qmail-send shares what is scarce by
/// it. It is a part of a hash, and says nothing else of a user or an address.</summary>
public static class ClientNumber
{
    private const int NetworkBytes = 6; // Of IPv6: a site has a /48 at most (RFC 6177).

    /// <summary>The number of a login, else of an address; 0 where there is neither.</summary>
    /// <param name="user">Who has logged in; null: nobody.</param>
    /// <param name="address">The client's; null: it is not known.</param>
    public static uint Of(byte[]? user, IPAddress? address)
    {
        if (user is null && address is null)
        {
            return 0;
        }

        byte[] said = user is not null ? [.. "login "u8, .. user]
            : [.. "address "u8, .. Network(address!)];
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(said));
        return Math.Max(1, number);
    }

    private static byte[] Network(IPAddress address)
    {
        address = PlainAddress.Of(address);
        byte[] bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? bytes[..NetworkBytes] : bytes;
    }
}
