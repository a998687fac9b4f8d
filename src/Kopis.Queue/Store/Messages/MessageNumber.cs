using System.Globalization;

namespace Kopis.Queue.Store.Messages;

/// <summary>The number of a message is the place of its record: segment × 2²³ + offset ÷ 8. Numbers
/// are never reused, since segments are not.</summary>
public static class MessageNumber
{
    /// <summary>Records start below this offset of a segment: 64 MiB.</summary>
    public const long SegmentStartsBelow = 1L << 26;

    /// <summary>Records start at multiples of this.</summary>
    public const int Alignment = 8;

    private const int OffsetBits = 23;
    private const int Split = 23; // conf-split; kept for the letter of the contract (§6.2).

    /// <summary>The number of the record at a place. A place past <see cref="SegmentStartsBelow"/>,
    /// where no record starts, gives a number greater than all others of its segment.</summary>
    public static ulong Of(ulong segment, long offset) =>
        (segment << OffsetBits) + (ulong)(offset / Alignment);

    /// <summary>The segment that holds the record.</summary>
    public static ulong Segment(ulong number) => number >> OffsetBits;

    /// <summary>The record's first byte in its segment.</summary>
    public static long Offset(ulong number) =>
        (long)(number & ((1UL << OffsetBits) - 1)) * Alignment;

    /// <summary><c>SPLIT/N</c>, as the spawners get it (contract §6.2).</summary>
    public static string FormatPath(ulong number) => $"{number % Split}/{number}";

    /// <summary>Parses <c>SPLIT/N</c>; only the exact form is accepted.</summary>
    public static bool TryParsePath(ReadOnlySpan<byte> text, out ulong number)
    {
        int slash = text.IndexOf((byte)'/');
        number = 0;
        return slash > 0
            && TryParse(text[(slash + 1)..], out number)
            && TryParse(text[..slash], out ulong split)
            && split == number % Split;
    }

    /// <summary>Parses decimal digits without sign, blank or leading zero.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ulong number) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && (text[0] != (byte)'0' || text.Length == 1);
}
