using System.Text;

namespace Kopis.Base;

/// <summary>Foreign text for a terminal, a log or a reply: printable ASCII as it is, <c>?</c> for
/// all else.</summary>
public static class PrintableText
{
    /// <summary>Text on one line, cut at a number of characters.</summary>
    public static string Of(string text, int charactersMax = int.MaxValue) =>
        string.Concat(text.Take(charactersMax).Select(c => IsPrintable(c) ? c : '?'));

    /// <summary>Bytes on one line: <c>/</c> for an LF, none for those at the end.</summary>
    public static string Line(ReadOnlySpan<byte> text)
    {
        text = text.TrimEnd((byte)'\n');
        return string.Create(text.Length, text, static (line, bytes) =>
        {
            for (int i = 0; i < line.Length; i++)
            {
                line[i] = OnLine(bytes[i]);
            }
        });
    }

    /// <summary>Appends what <see cref="Line"/> returns.</summary>
    public static void AddLine(StringBuilder to, ReadOnlySpan<byte> text)
    {
        foreach (byte one in text.TrimEnd((byte)'\n'))
        {
            to.Append(OnLine(one));
        }
    }

    /// <summary>Bytes with their line ends.</summary>
    public static string Lines(ReadOnlySpan<byte> text) => string.Concat(
        ByteText.ToText(text).Select(c => c == '\n' || IsPrintable(c) ? c : '?'));

    private static char OnLine(byte one) =>
        one == '\n' ? '/' : IsPrintable((char)one) ? (char)one : '?';

    private static bool IsPrintable(char c) => c is >= ' ' and <= '~';
}
