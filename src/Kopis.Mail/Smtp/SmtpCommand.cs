using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>One command line: a verb and what follows it.</summary>
public readonly ref struct SmtpCommand(SmtpVerb verb, ReadOnlySpan<byte> argument)
{
    // The names of verbs, which are compared without regard to case.
    private static readonly byte[][] Words =
        [.. Enum.GetNames<SmtpVerb>().Select(name => ByteText.ToBytes(name))];

    /// <summary>The verb, in any letter case.</summary>
    public SmtpVerb Verb { get; } = verb;

    /// <summary>The text after the first run of spaces, up to the end of the line.</summary>
    public ReadOnlySpan<byte> Argument { get; } = argument;

    /// <summary>Splits a line, without its line end, at the first space.</summary>
    public static SmtpCommand Parse(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = space < 0 ? line : line[..space];
        ReadOnlySpan<byte> rest = space < 0 ? [] : line[space..].TrimStart((byte)' ');
        return new SmtpCommand(Match(word), rest);
    }

    private static SmtpVerb Match(ReadOnlySpan<byte> word)
    {
        for (int i = 1; i < Words.Length; i++)
        {
            if (Ascii8.EqualsIgnoreCase(word, Words[i]))
            {
                return (SmtpVerb)i;
            }
        }

        return SmtpVerb.Unknown;
    }
}
