using System.Buffers.Text;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;

namespace Kopis.Remote;

/// <summary>What is known of an attempt, from its report. Pure.</summary>
internal static class AttemptJudge
{
    /// <param name="outcome">The report about one recipient.</param>
    /// <param name="point">Where the attempt ended.</param>
    /// <param name="time">How long it took.</param>
    internal static AttemptDetail Judge(Outcome outcome, AttemptPoint point, TimeSpan time)
    {
        ReadOnlySpan<byte> text = outcome.Text.Span;
        int said = text.IndexOf(EnhancedStatus.RemoteWords);
        ReadOnlySpan<byte> reply =
            said < 0 ? [] : text[(said + EnhancedStatus.RemoteWords.Length)..];
        int code = reply.Length >= 3
            && Utf8Parser.TryParse(reply[..3], out int number, out int used)
            && used == 3 && number is >= 200 and < 600 ? number : 0;
        ReadOnlySpan<byte> status = EnhancedStatus.InReport(text);
        BounceClass found = outcome.Verdict == Verdict.Delivered ? BounceClass.None
            : BounceClasses.Of(point.Stage, code, status, text);
        (ReplyAction action, uint seconds, ushort value) = outcome.Verdict == Verdict.Retry
            ? ActionOf(found, code) : default;
        return new AttemptDetail
        {
            Class = found,
            Action = action,
            ActionSeconds = seconds,
            ActionValue = value,
            Stage = point.Stage,
            Code = (ushort)code,
            Milliseconds = (uint)Math.Clamp(time.TotalMilliseconds, 0, uint.MaxValue),
            Flags = point.Server?.Flags ?? AttemptFlags.None,
            Host = point.Server?.Host ?? "",
            Address = point.Server?.Address ?? "",
            TlsVersion = point.Server?.TlsVersion ?? "",
            EnhancedStatus = ByteText.ToText(status),
        };
    }

    // Greylists mostly ask for five minutes. 421 for too much mail ends all connections for a
    // while at large receivers; other words for it are about one message too soon.
    private static (ReplyAction, uint Seconds, ushort Value) ActionOf(
        BounceClass found, int code) => found switch
        {
            BounceClass.Greylisted => (ReplyAction.RetryMessage, 300, 0),
            BounceClass.RateLimited when code == 421 => (ReplyAction.PauseDestination, 60, 0),
            BounceClass.RateLimited when code != 0 => (ReplyAction.FewerConnections, 300, 1),
            _ => default,
        };
}
