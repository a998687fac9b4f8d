using Kopis.Base;

namespace Kopis.Mail.Pop3;

/// <summary>One command line.</summary>
internal readonly ref struct Pop3Command
{
    private Pop3Command(Pop3Verb verb, ReadOnlySpan<byte> argument)
    {
        Verb = verb;
        Argument = argument;
    }

    internal Pop3Verb Verb { get; }

    /// <summary>The text after the spaces that follow the verb. Spaces at the end are kept, since a
    /// password may end in one.</summary>
    internal ReadOnlySpan<byte> Argument { get; }

    /// <summary>Splits a line, without its line end, at its first space.</summary>
    internal static Pop3Command Parse(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        return space < 0
            ? new Pop3Command(Match(line), [])
            : new Pop3Command(Match(line[..space]), line[space..].TrimStart((byte)' '));
    }

    /// <summary>Parses the leading digits, as qmail does: <c>1x</c> is 1.</summary>
    /// <param name="text">The text; afterwards, what follows the number.</param>
    /// <param name="value">The number; a larger one becomes the largest long.</param>
    /// <returns>False if there is no digit.</returns>
    internal static bool TryReadNumber(ref ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        int digits = 0;
        for (; digits < text.Length && text[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
        {
            int digit = text[digits] - '0';
            value = value > (long.MaxValue - digit) / 10 ? long.MaxValue : (value * 10) + digit;
        }

        text = text[digits..];
        return digits > 0;
    }

    private static Pop3Verb Match(ReadOnlySpan<byte> word) =>
        Is(word, "RETR"u8) ? Pop3Verb.Retr
        : Is(word, "DELE"u8) ? Pop3Verb.Dele
        : Is(word, "TOP"u8) ? Pop3Verb.Top
        : Is(word, "LIST"u8) ? Pop3Verb.List
        : Is(word, "UIDL"u8) ? Pop3Verb.Uidl
        : Is(word, "STAT"u8) ? Pop3Verb.Stat
        : Is(word, "USER"u8) ? Pop3Verb.User
        : Is(word, "PASS"u8) ? Pop3Verb.Pass
        : Is(word, "APOP"u8) ? Pop3Verb.Apop
        : Is(word, "AUTH"u8) ? Pop3Verb.Auth
        : Is(word, "STLS"u8) ? Pop3Verb.Stls
        : Is(word, "CAPA"u8) ? Pop3Verb.Capa
        : Is(word, "NOOP"u8) ? Pop3Verb.Noop
        : Is(word, "QUIT"u8) ? Pop3Verb.Quit
        : Is(word, "RSET"u8) ? Pop3Verb.Rset
        : Is(word, "LAST"u8) ? Pop3Verb.Last
        : Is(word, "UTF8"u8) ? Pop3Verb.Utf8
        : Pop3Verb.Unknown;

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> verb) =>
        Ascii8.EqualsIgnoreCase(word, verb);
}
