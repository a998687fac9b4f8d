namespace Kopis.Tools.Journal;

/// <summary>What the journal says about one message, in the words of <c>kopis trace</c>.</summary>
/// <param name="Number">The message; 0 for sessions without one.</param>
/// <param name="Title">Its number, sender and recipients.</param>
/// <param name="Lines">Its records, the oldest first.</param>
public sealed record TraceStory(ulong Number, string Title, IReadOnlyList<TraceLine> Lines)
{
    private const int RecordsMax = 200; // For each message, since a page shows them.

    /// <summary>Finds what <c>kopis trace</c> would find with these arguments.</summary>
    /// <param name="journal">The directory of the journal.</param>
    /// <param name="words">The words after <c>kopis trace</c>.</param>
    /// <param name="now">The time that ages count from.</param>
    /// <param name="stop">Ends the search.</param>
    /// <returns>Null if the arguments are not valid. A message with many records has the first and
    /// the last of them, and between them a line that says how many are left out.</returns>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The journal cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public static IReadOnlyList<TraceStory>? Find(
        string journal, IReadOnlyList<string> words, DateTimeOffset now,
        CancellationToken stop = default)
    {
        if (TraceOptions.Parse(words, now) is not { Follows: false } options)
        {
            return null;
        }

        options.RecordsMax = RecordsMax;
        using JournalSearch search = new(journal, options.Since, options.Until, stop);
        TraceStories stories = new(search, options);
        List<TraceStory> found = [];
        foreach (TracedMessage message in stories.Gather())
        {
            found.Add(new TraceStory(
                message.Number, TraceText.Title(message.Number, message.Entries),
                [.. message.Told().Select(one => one.More is { } more
                    ? new TraceLine(one.Entry.Time, "more", "", more, [])
                    : LineOf(one.Entry, stories))]));
        }

        return found;
    }

    private static TraceLine LineOf(JournalEntry entry, TraceStories stories)
    {
        List<ulong> forwards = [];
        foreach (string qp in entry.All("fwd"))
        {
            if (stories.ForwardedAs(entry, qp) is { } forward)
            {
                forwards.Add(forward);
            }
        }

        ulong[] related = entry.Child is { } child ? [.. forwards, child] : [.. forwards];
        return new TraceLine(
            entry.Time, entry.Kind, entry["verdict"] ?? "", TraceText.WordsOf(entry, forwards),
            related);
    }
}
