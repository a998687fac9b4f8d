using Kopis.Base;

namespace Kopis.Mail;

/// <summary>One command line: a verb and what follows it.</summary>
public readonly ref struct SmtpCommand
{
    private SmtpCommand(SmtpVerb verb, ReadOnlySpan<byte> argument)
    {
        Verb = verb;
        Argument = argument;
    }

    /// <summary>The verb, in any letter case.</summary>
    public SmtpVerb Verb { get; }

    /// <summary>What follows the first run of spaces, to the end of the line.</summary>
    public ReadOnlySpan<byte> Argument { get; }

    /// <summary>Splits a line, without its line end, at the first space.</summary>
    public static SmtpCommand Parse(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = space < 0 ? line : line[..space];
        ReadOnlySpan<byte> rest = space < 0 ? [] : line[space..].TrimStart((byte)' ');
        return new SmtpCommand(Match(word), rest);
    }

    private static SmtpVerb Match(ReadOnlySpan<byte> word) =>
        word.Length != 4 ? MatchLong(word)
        : Is(word, "MAIL"u8) ? SmtpVerb.Mail
        : Is(word, "RCPT"u8) ? SmtpVerb.Rcpt
        : Is(word, "DATA"u8) ? SmtpVerb.Data
        : Is(word, "EHLO"u8) ? SmtpVerb.Ehlo
        : Is(word, "HELO"u8) ? SmtpVerb.Helo
        : Is(word, "RSET"u8) ? SmtpVerb.Rset
        : Is(word, "QUIT"u8) ? SmtpVerb.Quit
        : Is(word, "NOOP"u8) ? SmtpVerb.Noop
        : Is(word, "VRFY"u8) ? SmtpVerb.Vrfy
        : Is(word, "HELP"u8) ? SmtpVerb.Help
        : Is(word, "BDAT"u8) ? SmtpVerb.Bdat
        : Is(word, "AUTH"u8) ? SmtpVerb.Auth
        : SmtpVerb.Unknown;

    private static SmtpVerb MatchLong(ReadOnlySpan<byte> word) =>
        Is(word, "STARTTLS"u8) ? SmtpVerb.StartTls
        : Is(word, "XCLIENT"u8) ? SmtpVerb.XClient
        : SmtpVerb.Unknown;

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> verb) =>
        Ascii8.EqualsIgnoreCase(word, verb);
}
