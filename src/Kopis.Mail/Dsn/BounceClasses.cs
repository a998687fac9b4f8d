using System.Text;

namespace Kopis.Mail.Dsn;

/// <summary>Finds the class of a failure (docs/SENDING.md, Replies and classes): by words in the
/// reply, then by its enhanced status (RFC 3463), then by its code (RFC 5321 §4.2.3), then by the
/// stage where the attempt ended. Words come first because servers' codes are often wrong: a full
/// mailbox is reported as 550 5.1.1, and greylisting as 450 4.2.0. No I/O.</summary>
public static class BounceClasses
{
    private const int ReplyBytesMax = 1000; // Of a reply that is looked through.

    /// <param name="stage">Where the attempt ended.</param>
    /// <param name="code">The reply's code; 0 if there was no reply.</param>
    /// <param name="status">The enhanced status of the reply or of our own words; may be empty.
    /// </param>
    /// <param name="text">The report.</param>
    public static BounceClass Of(
        AttemptStage stage, int code, ReadOnlySpan<byte> status, ReadOnlySpan<byte> text)
    {
        string known = Encoding.Latin1.GetString(status);
        int said = text.IndexOf(EnhancedStatus.RemoteWords);
        if (code == 0 && said < 0)
        {
            return WithoutReply(stage, known);
        }

        ReadOnlySpan<byte> reply =
            said < 0 ? text : text[(said + EnhancedStatus.RemoteWords.Length)..];
        reply = reply[..Math.Min(reply.Length, ReplyBytesMax)];
        return BounceWords.Find(reply, code) is not BounceClass.None and var byWords ? byWords
            : OfStatus(stage, known) is not BounceClass.None and var byStatus ? byStatus
            : OfCode(stage, code); // QMTP replies have no status.
    }

    /// <summary>Our own texts have a status, unless they are about a connection.</summary>
    private static BounceClass WithoutReply(AttemptStage stage, string status) => status switch
    {
        "5.1.1" => BounceClass.BadMailbox,
        "5.1.2" or "5.1.10" or "5.4.4" => BounceClass.BadDomain,
        "4.1.2" => BounceClass.Dns,
        "5.4.6" => BounceClass.Loop,
        "4.4.5" => BounceClass.RateLimited,
        "5.3.4" => BounceClass.Size,
        "5.1.3" or "5.6.2" or "5.6.3" or "5.6.7" => BounceClass.Form,
        "4.7.4" or "4.7.5" or "5.7.30" => BounceClass.TlsFailed,
        "4.7.8" => BounceClass.LoginRefused,
        ['4' or '5', '.', '3', '.', ..] => BounceClass.Local,
        _ => stage switch
        {
            AttemptStage.None => BounceClass.Local,
            AttemptStage.Lookup => BounceClass.Dns,
            AttemptStage.Tls => BounceClass.TlsFailed,
            AttemptStage.Auth => BounceClass.LoginRefused,
            _ => BounceClass.ConnectionFailed,
        },
    };

    private static BounceClass OfStatus(AttemptStage stage, string status) =>
        status.Length < 5 ? BounceClass.None : status[2..] switch
        {
            // Many servers use 1.1 for the sender too.
            "1.0" or "1.1" or "1.3" or "1.4" or "1.6" => stage == AttemptStage.Rcpt
                ? BounceClass.BadMailbox : BounceClass.None,
            "1.2" or "1.10" => BounceClass.BadDomain,
            "1.7" or "1.8" => BounceClass.Authentication,
            "2.1" => BounceClass.InactiveMailbox,
            "2.2" => BounceClass.Quota,
            "2.3" or "3.4" => BounceClass.Size,
            "3.1" or "3.2" or "3.5" or "2.4" => BounceClass.ServerTrouble,
            "3.3" => BounceClass.Form,
            "4.1" or "4.2" or "4.7" => BounceClass.ConnectionFailed,
            "4.3" or "4.4" => BounceClass.Dns,
            "4.5" or "5.3" or "7.28" => BounceClass.RateLimited,
            "4.6" => BounceClass.Loop,
            "5.0" or "5.1" or "5.2" or "5.4" or "5.5" => BounceClass.Protocol,
            "7.8" or "7.9" => BounceClass.LoginRefused,
            "7.10" or "7.11" or "7.30" => BounceClass.TlsFailed,
            "7.20" or "7.21" or "7.22" or "7.23" or "7.24" or "7.25" or "7.26" or "7.27"
                or "7.29" => BounceClass.Authentication,
            ['6', '.', ..] => BounceClass.Form,
            ['7', '.', ..] => BounceClass.Policy,
            _ => BounceClass.None,
        };

    private static BounceClass OfCode(AttemptStage stage, int code) => code switch
    {
        421 or 451 or 452 => BounceClass.ServerTrouble,
        454 => BounceClass.TlsFailed,
        >= 500 and <= 504 => BounceClass.Protocol,
        521 or 556 => BounceClass.BadDomain,
        530 or 535 or 538 => BounceClass.LoginRefused,
        552 => stage == AttemptStage.Rcpt ? BounceClass.Quota : BounceClass.Size,
        550 or 551 or 553 when stage == AttemptStage.Rcpt => BounceClass.BadMailbox,
        550 or 553 or 554 or 571 => BounceClass.Policy,
        _ => BounceClass.Unknown,
    };
}
