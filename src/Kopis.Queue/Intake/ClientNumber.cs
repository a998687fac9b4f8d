using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Queue.Intake;

/// <summary>A number that identifies a client which submits mail over the network: qmail-send
/// shares scarce resources by it. It is part of a hash, and reveals nothing else about a user or an
/// address.</summary>
public static class ClientNumber
{
    private const int NetworkBytes = 6; // For IPv6: a site has a /48 at most (RFC 6177).

    /// <summary>The number of a login, or if there is none, of an address; 0 if there is neither.
    /// </summary>
    /// <param name="user">The user who has logged in; null: none.</param>
    /// <param name="address">The client's address; null: not known.</param>
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
