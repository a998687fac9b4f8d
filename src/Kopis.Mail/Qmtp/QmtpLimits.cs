using Kopis.Mail.Smtp;

namespace Kopis.Mail.Qmtp;

/// <summary>What bounds one message of QMTP. qmail-qmtpd has but the 200,000,000 bytes of any
/// netstring; see DIFFERENCES.</summary>
public static class QmtpLimits
{
    /// <summary>Bytes of the recipients that are taken, as for SMTP; further ones are asked to
    /// come later.</summary>
    public const int RecipientsBytesMax = SmtpLimits.RecipientsBytesMax;

    /// <summary>Recipients of a message that may be refused and whose addresses are kept, for
    /// those who read why; the others are counted.</summary>
    public const int DoubtfulMax = 20;

    /// <summary>Bytes of all recipients with their lengths: so many that a client with a long
    /// list hears which are taken, and no more than some 1.4 million answers are owed.</summary>
    public const int RecipientListBytesMax = 4 * RecipientsBytesMax;
}
