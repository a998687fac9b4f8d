namespace Kopis.Mail.Smtp;

/// <summary>Limits of one SMTP session. qmail-smtpd has none of these; see DIFFERENCES.</summary>
public static class SmtpLimits
{
    /// <summary>The longest command line without its end. RFC 5321 §4.5.3.1.4 requires 512 bytes,
    /// and more for each extension; a path of 900 bytes, all quoted, has 1,800.</summary>
    public const int LineBytesMax = 4096;

    /// <summary>The most bytes of a message's recipients, for users and for clients that may relay:
    /// some 40,000 of usual length. Other clients have <see cref="StrangerRecipientBytes"/> for
    /// each recipient that they may name.</summary>
    public const int RecipientsBytesMax = 1024 * 1024;

    /// <summary>The bytes for each recipient that a stranger may name: a path has 256 (RFC 5321
    /// §4.5.3.1.3). With the default of 100 recipients, a thousand sessions hold 26 MB of them.
    /// </summary>
    public const int StrangerRecipientBytes = 260;

    /// <summary>The most lines that are not a valid command or address; RFC 5321 §4.3.2 allows 421
    /// at any time.</summary>
    public const int ErrorsMax = 20;

    /// <summary>The most commands since the last message, without those that named an accepted
    /// recipient: what a client can do without sending mail. A batch for 500 refused recipients
    /// stays well below it.</summary>
    public const int IdleCommandsMax = 1000;

    /// <summary>The greatest value of <c>maxrcpt</c> and <c>maxrcptrelay</c>, and the default of
    /// the latter.</summary>
    public const int RecipientsMax = 40_000;

    /// <summary>How many <c>Received</c> and <c>Delivered-To</c> lines mean that a message loops.
    /// </summary>
    public const int HopsLimit = 100;
}
