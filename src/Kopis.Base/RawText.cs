using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Kopis.Base;

/// <summary>Converts bytes that name a file or are shown to text and back without loss. Valid UTF-8
/// is decoded; each other byte becomes a lone surrogate (U+DC80 to U+DCFF), as in Python.</summary>
public static class RawText
{
    private const int Escape = 0xDC00;
    private static readonly SearchValues<char> Escapes = SearchValues.Create(
        [.. Enumerable.Range(Escape + 0x80, 0x80).Select(code => (char)code)]);

    /// <summary>The text of the bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        StringBuilder text = new(bytes.Length);
        while (!bytes.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes, out Rune rune, out int used);
            if (status == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                used = 1; // The next byte may begin a character.
                text.Append((char)(Escape + bytes[0]));
            }

            bytes = bytes[used..];
        }

        return text.ToString();
    }

    /// <summary>The bytes of a text that <see cref="Of"/> made, or the UTF-8 of any other text.
    /// </summary>
    public static byte[] ToBytes(string text)
    {
        if (!text.AsSpan().ContainsAny(Escapes))
        {
            return Encoding.UTF8.GetBytes(text);
        }

        ArrayBufferWriter<byte> bytes = new(text.Length);
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf16(rest, out Rune rune, out int used);
            if (status != OperationStatus.Done && Escapes.Contains(rest[0]))
            {
                bytes.Write([(byte)(rest[0] - Escape)]);
                used = 1;
            }
            else
            {
                bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
            }

            rest = rest[used..];
        }

        return bytes.WrittenSpan.ToArray();
    }
}
