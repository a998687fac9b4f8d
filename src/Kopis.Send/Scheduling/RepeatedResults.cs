using Kopis.Base;

namespace Kopis.Send.Scheduling;

/// <summary>
/// Deliveries of one message that end as others of it did: the log has the first ones and a count,
/// since one envelope can hold a million addresses that fail at full speed. Each success is told
/// of.
/// </summary>
internal sealed class RepeatedResults(SendLog log)
{
    /// <summary>Equal results of a message that the log has one by one.</summary>
    internal const int ListedMax = 1000;

    private const int KindsMax = 8; // More different ones cost their maker a process each.
    private const int SecondsBetweenCounts = 60;

    private readonly Dictionary<QueuedMessage, List<Repeat>> _repeats = [];

    /// <summary>Whether the next delivery of the message is likely to end as many did.</summary>
    internal bool MayLeaveOut(QueuedMessage message) =>
        _repeats.TryGetValue(message, out List<Repeat>? kinds)
        && kinds.Exists(kind => kind.Listed >= ListedMax);

    /// <summary>Takes a result; whether it is counted and not to be told of.</summary>
    /// <param name="delivery">What has ended.</param>
    /// <param name="number">Its number in the log.</param>
    /// <param name="verdict">Null where the report was mangled.</param>
    /// <param name="text">What was said of it.</param>
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

    /// <summary>The message has nothing left to deliver.</summary>
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

        /// <summary>Told of one by one.</summary>
        internal int Listed { get; set; }

        /// <summary>Counted since the last count was told.</summary>
        internal long Unlisted { get; set; }

        /// <summary>The last one told of.</summary>
        internal ulong LikeNumber { get; set; }

        internal long ToldAt { get; set; }
    }
}
