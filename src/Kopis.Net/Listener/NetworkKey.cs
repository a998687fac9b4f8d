using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>The key of a network in a file of rules: its first address in canonical text, a slash,
/// and the length: <c>10.64.0.0/10</c>. No client's address, name or info makes such a key, so a
/// reader that does not know networks never looks it up. Networks that qmail's prefixes can express
/// are written so: <c>10.0.0.0/8</c> as <c>10.</c>, and a single address by itself.</summary>
internal static class NetworkKey
{
    private const int OctetBits = 8;

    /// <summary>Makes the key for a network as people write it.</summary>
    /// <returns>False if it is not valid, or has bits beyond its length.</returns>
    internal static bool TryParse(ReadOnlySpan<byte> text, out byte[] key)
    {
        key = [];
        int slash = text.IndexOf((byte)'/');
        if (LengthOf(text) is not { } bits
            || !IPAddress.TryParse(ByteText.ToText(text[..slash]), out IPAddress? address)
            || address.IsIPv4MappedToIPv6
            || !IsWhole(address, text[..slash])
            || Of(address, bits) is not { } whole
            || !ByteText.ToText(whole).StartsWith($"{address}/", StringComparison.Ordinal))
        {
            return false;
        }

        bool isFour = address.AddressFamily == AddressFamily.InterNetwork;
        string name = address.ToString();
        key = ByteText.ToBytes(
            bits == 8 * address.GetAddressBytes().Length ? name
            : isFour && bits > 0 && bits % OctetBits == 0
                ? string.Concat(name.Split('.').Take(bits / OctetBits).Select(part => part + "."))
            : $"{name}/{bits}");
        return true;
    }

    // .NET would read 010.0.0.0 as 8.0.0.0, and 10.1 as 10.0.0.1.
    private static bool IsWhole(IPAddress address, ReadOnlySpan<byte> text) =>
        address.AddressFamily != AddressFamily.InterNetwork
        || address.ToString() == ByteText.ToText(text);

    /// <summary>The length in a key of this form; null for other keys.</summary>
    internal static int? LengthOf(ReadOnlySpan<byte> key)
    {
        int slash = key.LastIndexOf((byte)'/');
        return slash > 0
            && Utf8Parser.TryParse(key[(slash + 1)..], out int bits, out int used)
            && used == key.Length - slash - 1 ? bits : null;
    }

    /// <summary>The key of the network of a given length that an address is in; null if addresses
    /// of its family are not that long.</summary>
    internal static byte[]? Of(IPAddress address, int bits)
    {
        byte[] bytes = PlainAddress.Of(address).GetAddressBytes();
        if (bits < 0 || bits > 8 * bytes.Length)
        {
            return null;
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            int left = Math.Clamp(bits - (i * OctetBits), 0, OctetBits);
            bytes[i] &= (byte)(0xFF00 >> left);
        }

        return ByteText.ToBytes(string.Create(
            CultureInfo.InvariantCulture, $"{new IPAddress(bytes)}/{bits}"));
    }
}
