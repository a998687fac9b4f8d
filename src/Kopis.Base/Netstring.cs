using System.Buffers;
using System.Globalization;

namespace Kopis.Base;

/// <summary>Netstrings: <c>LENGTH:BYTES,</c> (cr.yp.to/proto/netstrings.txt).</summary>
public static class Netstring
{
    /// <summary>Longest length that is believed, as qmail's (contract §9.2).</summary>
    public const int LengthMax = 200_000_000;

    /// <summary>Writes one whole.</summary>
    public static void Write(IBufferWriter<byte> to, ReadOnlySpan<byte> bytes)
    {
        WriteHead(to, bytes.Length);
        to.Write(bytes);
        to.Write(","u8);
    }

    /// <summary>Writes what stands before the bytes: <c>LENGTH:</c>.</summary>
    public static void WriteHead(IBufferWriter<byte> to, long length)
    {
        const int digitsMax = 21;
        Span<byte> span = to.GetSpan(digitsMax);
        length.TryFormat(span, out int used, default, CultureInfo.InvariantCulture);
        span[used] = (byte)':';
        to.Advance(used + 1);
    }

    /// <summary>Bytes of a netstring that holds so many.</summary>
    public static long TotalBytes(long length)
    {
        long total = length + 2; // The colon and the comma.
        do
        {
            total++;
        }
        while ((length /= 10) > 0);
        return total;
    }
}
