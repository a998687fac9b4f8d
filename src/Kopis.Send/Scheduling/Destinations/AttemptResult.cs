using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>What a delivery report says about its destination.</summary>
/// <param name="Kind">How the attempt went.</param>
/// <param name="IsDeferral">Whether its recipients are to be tried again.</param>
/// <param name="Text">The text of the report, unless it was a success.</param>
internal readonly record struct AttemptResult(AttemptKind Kind, bool IsDeferral, byte[] Text)
{
    private const int PauseSecondsMax = 86_400;
    private const uint SilentMilliseconds = 30_000;

    /// <summary>Nothing is known.</summary>
    internal static AttemptResult Nothing { get; } = new(AttemptKind.Unknown, false, []);

    /// <summary>The kind of failure; None if it is not known.</summary>
    internal BounceClass Class { get; init; }

    /// <summary>What the reply asks for.</summary>
    internal ReplyAction Action { get; init; }

    /// <summary>How long to do so, in seconds.</summary>
    internal long ActionSeconds { get; init; }

    /// <summary>The number that belongs to the action: a rate or a limit.</summary>
    internal int ActionValue { get; init; }

    /// <summary>Reads a report. Without details, the text of qmail-remote's report decides.
    /// </summary>
    internal static AttemptResult Of(DeliveryReport report)
    {
        bool isDeferral = report.Verdict is Verdict.Retry or null;
        byte[] text = report.Verdict == Verdict.Delivered ? [] : report.Text;
        if (report.Detail is not { } detail)
        {
            return new AttemptResult(KindOf(report), isDeferral, text);
        }

        return new AttemptResult(KindOf(report.Verdict, detail), isDeferral, text)
        {
            Class = detail.Class,
            Action = detail.Action,
            ActionSeconds = Math.Min(detail.ActionSeconds, PauseSecondsMax),
            ActionValue = detail.ActionValue,
        };
    }

    /// <summary>Of two reports about one delivery, the one that says most: a reply before a failure
    /// to connect, and that before nothing.</summary>
    internal AttemptResult And(AttemptResult other)
    {
        AttemptResult told = Rank(other.Kind) > Rank(Kind) ? other : this;
        AttemptResult asking = Weight(other.Action) > Weight(Action) ? other : this;
        return told with
        {
            IsDeferral = IsDeferral || other.IsDeferral,
            Text = told.Text.Length > 0 ? told.Text : Text.Length > 0 ? Text : other.Text,
            Action = asking.Action,
            ActionSeconds = asking.ActionSeconds,
            ActionValue = asking.ActionValue,
        };
    }

    /// <summary>Applies what the reply asks for to the destination.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="recipients">How many recipients the delivery had.</param>
    /// <param name="now">The time.</param>
    internal void ApplyTo(Destination destination, int recipients, long now)
    {
        long until = now + (ActionSeconds * 1000);
        switch (Action)
        {
            case ReplyAction.SlowDown:
                destination.SlowDown(ActionValue, until, now);
                break;
            case ReplyAction.PauseDestination or ReplyAction.OtherAddress:
                destination.PauseUntil(until);
                break;
            case ReplyAction.FewerConnections:
                destination.HaveFewer(ActionValue, until);
                break;
            case ReplyAction.FewerRecipients:
                destination.HaveFewerRecipients(ActionValue, until, recipients, now);
                break;
            default:
                break;
        }
    }

    /// <summary>The priority of an action: those about the whole destination come first, then its
    /// limits, then those about one recipient.</summary>
    private static int Weight(ReplyAction action) => action switch
    {
        ReplyAction.None => 0,
        ReplyAction.RetryMessage => 1,
        ReplyAction.FewerRecipients => 2,
        _ => 3,
    };

    private static int Rank(AttemptKind kind) => kind switch
    {
        AttemptKind.Answered => 3,
        AttemptKind.Busy => 2,
        AttemptKind.Unreachable => 1,
        _ => 0,
    };

    private static AttemptKind KindOf(Verdict? verdict, AttemptDetail detail)
    {
        if (verdict == Verdict.Delivered)
        {
            return AttemptKind.Answered;
        }

        bool isTemporary = detail.Code is >= 400 and < 500;
        return detail.Stage switch
        {
            _ when detail.Code == 421 => AttemptKind.Busy,
            AttemptStage.None or AttemptStage.Lookup => AttemptKind.Unknown,
            AttemptStage.Connect => AttemptKind.Unreachable,
            // The server was there, and the connection broke within the transaction.
            >= AttemptStage.Mail when detail.Class == BounceClass.ConnectionFailed
                && detail.Milliseconds < SilentMilliseconds => AttemptKind.Busy,
            _ when detail.Class == BounceClass.ConnectionFailed => AttemptKind.Unreachable,
            _ when detail.Class is BounceClass.TlsFailed or BounceClass.Local
                or BounceClass.LoginRefused => AttemptKind.Unknown,
            AttemptStage.Greeting or AttemptStage.Hello when detail.Code == 0 =>
                AttemptKind.Unreachable,
            AttemptStage.Greeting or AttemptStage.Hello when isTemporary => AttemptKind.Busy,
            // Others are about the sender.
            AttemptStage.Mail when isTemporary && detail.Class is BounceClass.RateLimited
                or BounceClass.ServerTrouble => AttemptKind.Busy,
            _ => AttemptKind.Answered,
        };
    }

    private static AttemptKind KindOf(DeliveryReport report)
    {
        ReadOnlySpan<byte> text = report.Text;
        return report.Verdict switch
        {
            Verdict.Delivered or Verdict.Failed => AttemptKind.Answered,
            null => AttemptKind.Unknown,
            _ when text.IndexOf("Possible duplicate"u8) >= 0 => AttemptKind.Busy,
            _ when text.IndexOf("establish an SMTP connection"u8) >= 0
                || text.IndexOf("connection died"u8) >= 0 => AttemptKind.Unreachable,
            _ when text.IndexOf(" 421"u8) >= 0 || text.StartsWith("421"u8) => AttemptKind.Busy,
            _ when text.IndexOf("Remote host said:"u8) >= 0 => AttemptKind.Answered,
            _ => AttemptKind.Unknown,
        };
    }
}
