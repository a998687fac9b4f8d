using System.Buffers;
using System.Text;

namespace Kopis.Tools.Journal;

/// <summary>Searches the lines of a file without an index for the bytes of a value, which is faster
/// than parsing its records.</summary>
internal static class JournalLines
{
    private static readonly SearchValues<byte> Letters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>The places of lines that may contain a value; ASCII case is ignored. A line with an
    /// escape may contain any value.</summary>
    internal static List<int> PlacesOf(JournalFile journal, byte[] value)
    {
        List<int> places = [];
        int anchor = Math.Max(value.AsSpan().IndexOfAnyExcept(Letters), 0);
        if (value.AsSpan().Contains((byte)'@'))
        {
            anchor = value.AsSpan().IndexOf((byte)'@'); // Lines have few of them.
        }

        bool hasLetters = value.AsSpan().ContainsAny(Letters);
        journal.ForEach(0, (line, place) =>
        {
            if (line.Contains((byte)'\\')
                || (hasLetters ? Has(line, value, anchor) : line.IndexOf(value) >= 0))
            {
                places.Add(place);
            }
        });
        return places;
    }

    private static bool Has(ReadOnlySpan<byte> line, ReadOnlySpan<byte> value, int anchor)
    {
        byte lower = Lower(value[anchor]), upper = Upper(value[anchor]);
        for (int from = anchor; from < line.Length; from++)
        {
            int at = line[from..].IndexOfAny(lower, upper);
            if (at < 0)
            {
                return false;
            }

            from += at;
            int start = from - anchor;
            if (start + value.Length <= line.Length
                && Ascii.EqualsIgnoreCase(line.Slice(start, value.Length), value))
            {
                return true;
            }
        }

        return false;
    }

    private static byte Lower(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;

    private static byte Upper(byte b) => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b & ~0x20) : b;
}
