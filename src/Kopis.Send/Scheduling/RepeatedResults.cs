using Kopis.Base;

namespace Kopis.Send.Scheduling;

/// <summary>Counts deliveries of one message that end in the same way. The log lists the first
/// ones, and then only a count, since one envelope can have a million addresses that fail at full
/// speed. Each success is listed.</summary>
internal sealed class RepeatedResults(SendLog log)
{
    /// <summary>How many equal results of a message are listed one by one.</summary>
    internal const int ListedMax = 1000;

    private const int KindsMax = 8; // Further different results are always listed.
    private const int SecondsBetweenCounts = 60;

    private readonly Dictionary<QueuedMessage, List<Repeat>> _repeats = [];

    /// <summary>Whether the next delivery of the message is likely to end as many others did.
    /// </summary>
    internal bool MayLeaveOut(QueuedMessage message) =>
        _repeats.TryGetValue(message, out List<Repeat>? kinds)
        && kinds.Exists(kind => kind.Listed >= ListedMax);

    /// <summary>Notes a result; returns whether it is only counted, so that the log gets no line
    /// about it.</summary>
    /// <param name="delivery">The delivery that has ended.</param>
    /// <param name="number">The delivery's number in the log.</param>
    /// <param name="verdict">Null if the report was malformed.</param>
    /// <param name="text">The text of the report.</param>
    /// <param name="now">Unix time.</param>
    internal bool IsRepeated(
        Delivery delivery, ulong number, Verdict? verdict, byte[] text, long now)
    {
        QueuedMessage message = delivery.Message;
        if (message.Recipients <= ListedMax || verdict is null or Verdict.Delivered
            || FindKind(message, verdict.Value, text) is not { } kind)
        {
            return false;
        }

        if (!delivery.IsUnlisted || kind.Listed < ListedMax)
        {
            kind.Listed++;
            kind.LikeNumber = number;
            kind.ToldAt = now;
            return false;
        }

        kind.Unlisted++;
        if (now - kind.ToldAt >= SecondsBetweenCounts)
        {
            Tell(message, kind);
            kind.ToldAt = now;
        }

        return true;
    }

    /// <summary>Called when the message has nothing left to deliver.</summary>
    internal void End(QueuedMessage message)
    {
        if (_repeats.Remove(message, out List<Repeat>? kinds))
        {
            kinds.ForEach(kind => Tell(message, kind));
        }
    }

    private Repeat? FindKind(QueuedMessage message, Verdict verdict, byte[] text)
    {
        if (!_repeats.TryGetValue(message, out List<Repeat>? kinds))
        {
            _repeats.Add(message, kinds = []);
        }

        Repeat? found = kinds.Find(kind =>
            kind.Verdict == verdict && kind.Text.AsSpan().SequenceEqual(text));
        if (found is null && kinds.Count < KindsMax)
        {
            kinds.Add(found = new Repeat(verdict, text));
        }

        return found;
    }

    private void Tell(QueuedMessage message, Repeat kind)
    {
        if (kind.Unlisted > 0)
        {
            log.Line($"warning: msg {message.Number}: {kind.Unlisted} more deliveries ended "
                + $"as delivery {kind.LikeNumber} did");
            kind.Unlisted = 0;
        }
    }

    private sealed class Repeat(Verdict verdict, byte[] text)
    {
        internal Verdict Verdict { get; } = verdict;

        internal byte[] Text { get; } = text;

        /// <summary>How many were listed one by one.</summary>
        internal int Listed { get; set; }

        /// <summary>How many were counted since the log last had a count.</summary>
        internal long Unlisted { get; set; }

        /// <summary>The number of the last delivery that was listed.</summary>
        internal ulong LikeNumber { get; set; }

        internal long ToldAt { get; set; }
    }
}
