namespace Kopis.Mail.Smtp;

/// <summary>What bounds one SMTP session. qmail-smtpd has none of these; see DIFFERENCES.</summary>
public static class SmtpLimits
{
    /// <summary>
    /// Bytes of a command line without its end. RFC 5321 §4.5.3.1.4 asks for 512 and more for each
    /// extension; a path of 900 bytes, all quoted, is 1,800.
    /// </summary>
    public const int LineBytesMax = 4096;

    /// <summary>
    /// Bytes of a message's recipients, of clients that may relay and of users: some 40,000 usual
    /// ones. Others have <see cref="StrangerRecipientBytes"/> for each that they may name.
    /// </summary>
    public const int RecipientsBytesMax = 1024 * 1024;

    /// <summary>Bytes for each recipient that a stranger may name: a path has 256 (RFC 5321
    /// §4.5.3.1.3). With the default of 100 a thousand sessions hold 26 MB of them.</summary>
    public const int StrangerRecipientBytes = 260;

    /// <summary>
    /// Lines that are no command or no address; RFC 5321 §4.3.2 lets 421 end any.
    /// </summary>
    public const int ErrorsMax = 20;

    /// <summary>
    /// Commands since the last message that did not name a recipient we take: what a client can do
    /// without sending mail. A batch for 500 refused recipients stays well below it.
    /// </summary>
    public const int IdleCommandsMax = 1000;

    /// <summary>Recipients of a message that <c>maxrcpt</c> and <c>maxrcptrelay</c> may allow, and
    /// the latter does where there is neither.</summary>
    public const int RecipientsMax = 40_000;

    /// <summary><c>Received</c> and <c>Delivered-To</c> lines at which a message loops.</summary>
    public const int HopsLimit = 100;
}
