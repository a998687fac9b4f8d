namespace Kopis.Tools.Journal;

/// <summary>Gathers all records of messages, and of related messages: a forwarded message and a
/// bounce are messages of their own. A bounce is found by its number. A forwarded message is found
/// by its qp, which is reused, so the one nearest in time is taken.</summary>
/// <param name="search">Finds records.</param>
/// <param name="options">The options of the command.</param>
internal sealed class TraceStories(JournalSearch search, TraceOptions options)
{
    private const int RelativesMax = 10; // For each message that was asked for.
    private static readonly TimeSpan DeliveryTime = TimeSpan.FromHours(1);
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    // Messages that have one of several requested values; older ones are not found.
    private const int KnownMax = 200_000;
    private const int ForwardsMax = 200; // In all, whatever records say.

    private readonly Dictionary<ulong, FirstAndLast> _messages = [];
    private int _forwards;

    /// <summary>Returns each message, the oldest first. Records without a message are under 0.
    /// </summary>
    internal List<TracedMessage> Gather()
    {
        (List<Sight> seeds, List<JournalEntry> others) = Seeds();
        Queue<Sight> left = new(seeds);
        int most = left.Count * (1 + RelativesMax);
        while (left.TryDequeue(out Sight? sight) && _messages.Count < most)
        {
            ulong number = sight.Number;
            if (_messages.ContainsKey(number))
            {
                continue;
            }

            FirstAndLast found = search.FindMessage(number, sight.Time, options.RecordsMax);
            _messages[number] = found;
            IReadOnlyList<JournalEntry> entries = found.Kept;
            bool isFromOutside = entries.Any(
                entry => entry.Kind == "accept" || entry.IsOfProgram);
            foreach (Sight relative in entries.SelectMany(
                entry => RelativesOf(number, entry, mayBeForwarded: !isFromOutside)))
            {
                left.Enqueue(relative);
            }
        }

        List<TracedMessage> stories =
        [
            .. _messages.Select(one => new TracedMessage(
                    one.Key, one.Value.Kept, one.Value.LeftOut, one.Value.Gap))
                .Where(message => message.Entries.Count > 0)
                .OrderBy(message => message.Entries[0].Time),
        ];
        if (others.Count > 0)
        {
            stories.Insert(0, new TracedMessage(0, others, 0, 0));
        }

        return stories;
    }

    /// <summary>The message that a local delivery forwarded, by its qp; null if it is not found.
    /// </summary>
    internal ulong? ForwardedAs(JournalEntry attempt, string qp) =>
        SightOfForwarded(attempt, qp)?.Number;

    private Sight? SightOfForwarded(JournalEntry attempt, string qp) =>
        ++_forwards > ForwardsMax ? null : search
        .Find(JournalKey.Qp, qp, attempt.Time - DeliveryTime, attempt.Time + Slack)
        .Where(entry => entry.Kind is "new" or "queued" && entry["qp"] == qp
            && entry.Time > attempt.Time - DeliveryTime && entry.Time < attempt.Time + Slack)
        .MinBy(entry => (entry.Time - attempt.Time).Duration()) is { Message: { } number } found
            ? new Sight(number, found.Time) : null;

    /// <summary>The last messages that have all requested values, the oldest first, and records
    /// without a message. Reads from the newest record back, no further than needed.</summary>
    private (List<Sight> Messages, List<JournalEntry> Others) Seeds()
    {
        HashSet<ulong>? fit = null;
        foreach ((byte kind, string value) in options.Wanted.SkipLast(1))
        {
            fit = Having(kind, value, fit);
        }

        List<Sight> messages = [];
        List<JournalEntry> others = [];
        HashSet<ulong> seen = [];
        HashSet<(DateTimeOffset, string?, string?, string)> seenOthers = [];
        foreach (JournalEntry entry in options.Wanted is [.., (byte last, string text)]
            ? search.FindBackwards(last, text) : search.AllBackwards())
        {
            if (entry.Message is { } number)
            {
                if (fit?.Contains(number) != false && seen.Add(number))
                {
                    messages.Add(new Sight(number, entry.Time));
                }

                if (messages.Count >= options.MessagesMax)
                {
                    break;
                }
            }
            else if (others.Count < options.MessagesMax * RelativesMax
                && options.Wanted.All(one => JournalSearch.Has(entry, one.Kind, one.Value))
                && seenOthers.Add((entry.Time, entry["by"], entry["session"], entry.Kind)))
            {
                others.Add(entry); // It has all requested values itself.
            }
        }

        messages.Reverse();
        others.Reverse();
        return (messages, others);
    }

    private HashSet<ulong> Having(byte kind, string value, HashSet<ulong>? among)
    {
        HashSet<ulong> found = [];
        foreach (JournalEntry entry in search.FindBackwards(kind, value))
        {
            if (entry.Message is { } number && among?.Contains(number) != false)
            {
                found.Add(number);
            }

            if (found.Count >= KnownMax)
            {
                break;
            }
        }

        return found;
    }

    private IEnumerable<Sight> RelativesOf(
        ulong number, JournalEntry entry, bool mayBeForwarded)
    {
        if (entry.Child is { } child)
        {
            yield return new Sight(child, entry.Time);
            yield return new Sight(entry.Message ?? number, entry.Time);
        }

        foreach (string qp in entry.All("fwd"))
        {
            if (SightOfForwarded(entry, qp) is { } forwarded)
            {
                yield return forwarded;
            }
        }

        if (mayBeForwarded && entry.Kind == "new" && entry["qp"] is { } own
            && ForwarderOf(entry, own) is { } parent)
        {
            yield return parent;
        }
    }

    private Sight? ForwarderOf(JournalEntry arrival, string qp) => search
        .Find(JournalKey.Qp, qp, arrival.Time - Slack, arrival.Time + DeliveryTime)
        .Where(entry => entry.All("fwd").Contains(qp)
            && entry.Time < arrival.Time + DeliveryTime && entry.Time > arrival.Time - Slack)
        .MinBy(entry => (entry.Time - arrival.Time).Duration()) is { Message: { } number } found
            ? new Sight(number, found.Time) : null;

    /// <summary>A message, and when one of its records was written.</summary>
    private sealed record Sight(ulong Number, DateTimeOffset Time);
}
