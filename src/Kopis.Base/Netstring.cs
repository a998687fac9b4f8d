using System.Buffers;
using System.Globalization;

namespace Kopis.Base;

/// <summary>Netstrings: <c>LENGTH:BYTES,</c> (cr.yp.to/proto/netstrings.txt).</summary>
public static class Netstring
{
    /// <summary>The greatest length that is accepted, as in qmail (contract §9.2).</summary>
    public const int LengthMax = 200_000_000;

    /// <summary>Writes a whole netstring.</summary>
    public static void Write(IBufferWriter<byte> to, ReadOnlySpan<byte> bytes)
    {
        WriteHead(to, bytes.Length);
        to.Write(bytes);
        to.Write(","u8);
    }

    /// <summary>Writes the prefix, <c>LENGTH:</c>.</summary>
    public static void WriteHead(IBufferWriter<byte> to, long length)
    {
        const int digitsMax = 21;
        Span<byte> span = to.GetSpan(digitsMax);
        length.TryFormat(span, out int used, default, CultureInfo.InvariantCulture);
        span[used] = (byte)':';
        to.Advance(used + 1);
    }

    /// <summary>The total bytes of a netstring with <paramref name="length"/> bytes of content.
    /// </summary>
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
