namespace Kopis.Tools.Journal;

/// <summary>
/// Gathers the records of whole messages, and of those that they became or came of: a forwarded
/// message and a bounce are messages of their own. A bounce is known by its number, a forwarded
/// message by its qp, which comes again, so that the nearest in time counts.
/// </summary>
/// <param name="search">Finds records.</param>
/// <param name="options">What is asked.</param>
internal sealed class TraceStories(JournalSearch search, TraceOptions options)
{
    private const int RelativesMax = 10; // For each message that was asked for.
    private static readonly TimeSpan DeliveryTime = TimeSpan.FromHours(1);
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    private readonly Dictionary<ulong, List<JournalEntry>> _messages = [];

    /// <summary>Each message's records, the oldest first; those that are of none under 0.
    /// </summary>
    internal List<(ulong Number, List<JournalEntry> Entries)> Gather()
    {
        (List<Sight> seeds, List<JournalEntry> others) = Seeds();
        Queue<Sight> left = new(seeds.TakeLast(options.MessagesMax));
        int most = left.Count * (1 + RelativesMax);
        while (left.TryDequeue(out Sight? sight) && _messages.Count < most)
        {
            ulong number = sight.Number;
            if (_messages.ContainsKey(number))
            {
                continue;
            }

            List<JournalEntry> entries = search.FindMessage(number, sight.Time);
            _messages[number] = entries;
            bool isFromOutside = entries.Exists(entry => entry.Kind == "accept");
            foreach (Sight relative in entries.SelectMany(
                entry => RelativesOf(number, entry, mayBeForwarded: !isFromOutside)))
            {
                left.Enqueue(relative);
            }
        }

        List<(ulong, List<JournalEntry>)> stories =
        [
            .. _messages.Where(message => message.Value.Count > 0)
                .OrderBy(message => message.Value[0].Time)
                .Select(message => (message.Key, message.Value)),
        ];
        if (others.Count > 0)
        {
            stories.Insert(0, (0, others));
        }

        return stories;
    }

    /// <summary>The message that a local delivery has made, by its qp; null: it is not there.
    /// </summary>
    internal ulong? ForwardedAs(JournalEntry attempt, string qp) =>
        SightOfForwarded(attempt, qp)?.Number;

    private Sight? SightOfForwarded(JournalEntry attempt, string qp) => search
        .Find(JournalKey.Qp, qp, attempt.Time - DeliveryTime, attempt.Time + Slack)
        .Where(entry => entry.Kind is "new" or "queued" && entry["qp"] == qp
            && entry.Time > attempt.Time - DeliveryTime && entry.Time < attempt.Time + Slack)
        .MinBy(entry => (entry.Time - attempt.Time).Duration()) is { Message: { } number } found
            ? new Sight(number, found.Time) : null;

    private (List<Sight> Messages, List<JournalEntry> Others) Seeds()
    {
        if (options.Wanted.Count == 0)
        {
            return Split(search.All());
        }

        (List<Sight> messages, List<JournalEntry> others) = (default(List<Sight>)!, []);
        foreach ((byte kind, string value) in options.Wanted)
        {
            (List<Sight> some, List<JournalEntry> rest) = Split(search.Find(kind, value)
                .Where(entry => entry.Time >= options.Since && entry.Time <= options.Until));
            messages = messages is null ? some
                : [.. messages.IntersectBy(some.Select(one => one.Number), one => one.Number)];
            others.AddRange(rest);
        }

        // What is of no message has all that is asked itself.
        return (messages, [.. others
            .Where(entry => options.Wanted.All(one =>
                JournalSearch.Has(entry, one.Kind, one.Value)))
            .DistinctBy(entry => (entry.Time, entry["by"], entry["session"], entry.Kind))
            .OrderBy(entry => entry.Time)
            .TakeLast(options.MessagesMax * RelativesMax)]);
    }

    private static (List<Sight>, List<JournalEntry>) Split(IEnumerable<JournalEntry> entries)
    {
        List<Sight> messages = [];
        HashSet<ulong> seen = [];
        List<JournalEntry> others = [];
        foreach (JournalEntry entry in entries)
        {
            if (entry.Message is { } number)
            {
                if (seen.Add(number))
                {
                    messages.Add(new Sight(number, entry.Time));
                }
            }
            else
            {
                others.Add(entry);
            }
        }

        return (messages, others);
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
