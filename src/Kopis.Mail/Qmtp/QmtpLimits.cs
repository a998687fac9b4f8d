using Kopis.Mail.Smtp;

namespace Kopis.Mail.Qmtp;

/// <summary>The limits of one QMTP message. qmail-qmtpd has only the 200,000,000 bytes of any
/// netstring; see DIFFERENCES.</summary>
public static class QmtpLimits
{
    /// <summary>The most bytes of recipients that are accepted, as for SMTP; the client is asked to
    /// send further ones later.</summary>
    public const int RecipientsBytesMax = SmtpLimits.RecipientsBytesMax;

    /// <summary>The most recipients that may be refused whose addresses are kept, for readers of
    /// the log; the others are only counted.</summary>
    public const int DoubtfulMax = 20;

    /// <summary>The most bytes of all recipients with their lengths. A client with a long list
    /// still hears which of them are accepted, and at most some 1.4 million answers have to be
    /// sent.</summary>
    public const int RecipientListBytesMax = 4 * RecipientsBytesMax;
}
