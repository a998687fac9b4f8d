using Kopis.Base;

namespace Kopis.Server.ClientPolicy;

/// <summary>Why rblsmtpd does not let a client in: what each attempt at mail is answered with.
/// </summary>
/// <param name="Code">451 where the client shall try again, 553 where it shall not.</param>
/// <param name="Text">Printable, and at most <see cref="TextBytesMax"/> long.</param>
internal sealed record Rejection(int Code, string Text)
{
    internal const int TryLater = 451;
    internal const int Never = 553;
    private const int TextBytesMax = 200; // ucspi-tcp 0.88, rblsmtpd.c.

    /// <summary>Makes foreign text fit for a reply line and a log.</summary>
    internal static Rejection Of(int code, string text) =>
        new(code, PrintableText.Of(text, TextBytesMax));

    /// <summary>The reply line.</summary>
    internal byte[] Reply => ByteText.ToBytes($"{Code} {Text}\r\n");
}
