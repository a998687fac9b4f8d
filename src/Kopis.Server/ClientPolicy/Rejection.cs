using Kopis.Base;

namespace Kopis.Server.ClientPolicy;

/// <summary>Why rblsmtpd refuses a client: the reply to each attempt to send mail.</summary>
/// <param name="Code">451 if the client should try again, 553 if not.</param>
/// <param name="Text">Printable text of at most <see cref="TextBytesMax"/> bytes.</param>
internal sealed record Rejection(int Code, string Text)
{
    internal const int TryLater = 451;
    internal const int Never = 553;
    private const int TextBytesMax = 200; // ucspi-tcp 0.88, rblsmtpd.c.

    /// <summary>Makes foreign text safe for a reply and a log.</summary>
    internal static Rejection Of(int code, string text) =>
        new(code, PrintableText.Of(text, TextBytesMax));

    /// <summary>The reply line.</summary>
    internal byte[] Reply => ByteText.ToBytes($"{Code} {Text}\r\n");
}
