using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Net.Dns;
using Kopis.Server.ClientPolicy;

namespace Kopis.Server.Greylist;

/// <summary>The keys under which a mail is remembered. They are hashes, since others' addresses
/// need not be on the disk. A network is a /24 or a /64, so that a pool of servers counts as one
/// client. A sender is a domain, since its local part may change with each message (VERP, SRS).
/// </summary>
/// <param name="Try">Network, sender's domain and recipient.</param>
/// <param name="Pair">Network and sender's domain.</param>
/// <param name="Trusted">The network.</param>
/// <param name="Network">For counting: the network, or the /48 that contains it.</param>
internal readonly record struct GreyKeys(
    UInt128 Try, UInt128 Pair, UInt128 Trusted, ulong Network)
{
    /// <summary>Makes the keys.</summary>
    /// <param name="client">The client's address.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="recipient">The recipient.</param>
    internal static GreyKeys Of(
        IPAddress client, ReadOnlySpan<byte> sender, ReadOnlySpan<byte> recipient)
    {
        byte[] network =
            ByteText.ToBytes(ClientKeys.Of(OwnAddresses.Plain(client)).Network!);
        byte[] domain = Ascii8.ToLower(new Address(sender).DomainOrAll);
        UInt128 trusted = Hash((byte)'N', network, [], []);
        return new GreyKeys(
            Hash((byte)'T', network, domain, Ascii8.ToLower(recipient)),
            Hash((byte)'P', network, domain, []), trusted,
            Site(OwnAddresses.Plain(client)) is { } site
                ? (ulong)Hash((byte)'S', site, [], []) : (ulong)trusted);
    }

    /// <summary>The /48 of an IPv6 address, which one site has (RFC 6177 §2), so that its 65,536
    /// networks count as one. Null for IPv4.</summary>
    private static byte[]? Site(IPAddress address)
    {
        const int siteBytes = 6;
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? address.GetAddressBytes()[..siteBytes] : null;
    }

    private static UInt128 Hash(
        byte kind, ReadOnlySpan<byte> one, ReadOnlySpan<byte> two, ReadOnlySpan<byte> three)
    {
        ArrayBufferWriter<byte> text = new(128);
        text.Write([kind]);
        Put(text, one);
        Put(text, two);
        Put(text, three);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text.WrittenSpan, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    // Writes the length too, so that two different lists of texts never give the same bytes.
    private static void Put(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to.GetSpan(sizeof(int)), text.Length);
        to.Advance(sizeof(int));
        to.Write(text);
    }
}
