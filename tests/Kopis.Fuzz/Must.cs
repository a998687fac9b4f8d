using System.Buffers;
using System.Text;

namespace Kopis.Fuzz;

/// <summary>What targets demand.</summary>
internal static class Must
{
    internal static void Hold(bool condition, string what)
    {
        if (!condition)
        {
            throw new FuzzFailureException(what);
        }
    }

    internal static void Equal(ReadOnlySpan<byte> wanted, ReadOnlySpan<byte> got, string what)
    {
        if (!wanted.SequenceEqual(got))
        {
            throw new FuzzFailureException($"{what}: {Show(wanted)} is not {Show(got)}");
        }
    }

    /// <summary>No byte that could end a line or move a cursor.</summary>
    internal static void BePrintable(ReadOnlySpan<byte> text, string what) =>
        Hold(!text.ContainsAnyExceptInRange((byte)32, (byte)126), $"{what}: {Show(text)}");

    /// <summary>Lines of SMTP or POP3: each ends in CRLF, and neither stands elsewhere.</summary>
    internal static void BeLines(ReadOnlySpan<byte> text, string what)
    {
        while (!text.IsEmpty)
        {
            int end = text.IndexOfAny((byte)'\r', (byte)'\n');
            Hold(
                end >= 0 && text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n',
                $"{what}: {Show(text)}");
            text = text[(end + 2)..];
        }
    }

    /// <summary>Cuts the input in pieces whose lengths the input itself decides.</summary>
    internal static IEnumerable<byte[]> Pieces(byte[] input)
    {
        int at = 0;
        for (int i = 0; at < input.Length; i++)
        {
            int length = Math.Min(input.Length - at, 1 + (input[i % input.Length] % 7));
            yield return input[at..(at + length)];
            at += length;
        }
    }

    /// <summary>Empty bytes to write to.</summary>
    internal static ArrayBufferWriter<byte> Writer() => new();

    private static string Show(ReadOnlySpan<byte> bytes) =>
        Encoding.Latin1.GetString(bytes[..Math.Min(200, bytes.Length)])
            .Replace("\r", "\\r", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
}
