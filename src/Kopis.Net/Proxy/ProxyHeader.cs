using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Kopis.Base;

namespace Kopis.Net.Proxy;

/// <summary>The grammar of HAProxy's PROXY protocol, versions 1 and 2: what a proxy sends about its
/// client before everything else (proxy-protocol.txt of HAProxy, sections 2.1 and 2.2).</summary>
public static class ProxyHeader
{
    /// <summary>The shortest header of version 1: <c>PROXY UNKNOWN</c> with its line end. This many
    /// bytes are enough to tell the versions apart, and belong to the header in both.</summary>
    public const int FirstBytes = 15;

    /// <summary>The longest line of version 1, with its line end.</summary>
    public const int LineBytesMax = 107;

    /// <summary>The length of the fixed part of version 2.</summary>
    public const int FixedBytes = 16;

    /// <summary>How much may follow it. Addresses have 36 bytes. Further fields, which are ignored,
    /// may include a certificate.</summary>
    public const int RestBytesMax = 4096;

    /// <summary>A client that the proxy does not know. It has none of the proxy's rights.</summary>
    private static readonly ProxyEnds Unknown = new(new(IPAddress.Any, 0), new(IPAddress.Any, 0));

    private const byte Version2Local = 0x20;
    private const byte Version2Proxy = 0x21;
    private const byte Stream4 = 0x11;
    private const byte Stream6 = 0x21;

    /// <summary>Whether this begins a header of version 2.</summary>
    public static bool IsVersion2(ReadOnlySpan<byte> first) =>
        first.StartsWith("\r\n\r\n\0\r\nQUIT\n"u8);

    /// <summary>Whether this begins a line of version 1.</summary>
    public static bool IsVersion1(ReadOnlySpan<byte> first) => first.StartsWith("PROXY "u8);

    /// <summary>How many bytes follow the fixed part; null if there are too many.</summary>
    public static int? RestOf(ReadOnlySpan<byte> fixedPart)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(fixedPart[14..]);
        return length <= RestBytesMax ? length : null;
    }

    /// <summary>Parses a whole line of version 1, with its line end.</summary>
    /// <param name="line">The line.</param>
    /// <param name="ends">The ends of the client's connection.</param>
    /// <returns>False if the line is malformed.</returns>
    public static bool TryParseLine(ReadOnlySpan<byte> line, out ProxyEnds? ends)
    {
        ends = null;
        if (!line.EndsWith("\r\n"u8) || line.Length > LineBytesMax
            || line[..^2].ContainsAnyInRange((byte)0, (byte)31))
        {
            return false;
        }

        string[] words = ByteText.ToText(line[..^2]).Split(' ');
        if (words is ["PROXY", "UNKNOWN", ..])
        {
            ends = Unknown;
            return true;
        }

        if (words is not ["PROXY", "TCP4" or "TCP6", _, _, _, _]
            || !TryAddress(words[2], words[1] == "TCP6", out IPAddress? source)
            || !TryAddress(words[3], words[1] == "TCP6", out IPAddress? target)
            || !TryPort(words[4], out int sourcePort) || !TryPort(words[5], out int targetPort))
        {
            return false;
        }

        ends = new ProxyEnds(
            new IPEndPoint(source!, sourcePort), new IPEndPoint(target!, targetPort));
        return true;
    }

    /// <summary>Parses a whole header of version 2.</summary>
    /// <param name="header">Fixed part and rest.</param>
    /// <param name="ends">The ends of the client's connection; null if the proxy speaks for itself.
    /// </param>
    public static bool TryParseBinary(ReadOnlySpan<byte> header, out ProxyEnds? ends)
    {
        ends = null;
        if (header.Length < FixedBytes || !IsVersion2(header)
            || RestOf(header) != header.Length - FixedBytes)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = header[FixedBytes..];
        switch (header[12], header[13])
        {
            case (Version2Local, _):
                return true;
            case (Version2Proxy, 0):
                ends = Unknown;
                return true;
            case (Version2Proxy, Stream4) when rest.Length >= 12:
                ends = Ends(rest, 4);
                return true;
            case (Version2Proxy, Stream6) when rest.Length >= 36:
                ends = Ends(rest, 16);
                return true;
            default:
                return false; // Another version, a datagram, or too short for its addresses.
        }
    }

    private static ProxyEnds Ends(ReadOnlySpan<byte> rest, int size)
    {
        int port = BinaryPrimitives.ReadUInt16BigEndian(rest[(2 * size)..]);
        int localPort = BinaryPrimitives.ReadUInt16BigEndian(rest[((2 * size) + 2)..]);
        return new ProxyEnds(
            new IPEndPoint(new IPAddress(rest[..size]), port),
            new IPEndPoint(new IPAddress(rest.Slice(size, size)), localPort));
    }

    // .NET also accepts 1.2 and 010.0.0.1 for IPv4, and brackets and zones for IPv6.
    private static bool TryAddress(string text, bool six, out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (six
            ? text.Contains(':', StringComparison.Ordinal)
                && text.AsSpan().IndexOfAny('[', '%') < 0
            : !text.Contains(':', StringComparison.Ordinal) && address.ToString() == text);

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port)
        && port <= ushort.MaxValue && (text.Length == 1 || text[0] != '0');
}
