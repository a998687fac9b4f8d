namespace Kopis.Tools.Journal;

/// <summary>What the journal says of one message, in the words of <c>kopis trace</c>.</summary>
/// <param name="Number">The message; 0 for sessions that made none.</param>
/// <param name="Title">Its number, sender and recipients.</param>
/// <param name="Lines">Its records, the oldest first.</param>
public sealed record TraceStory(ulong Number, string Title, IReadOnlyList<TraceLine> Lines)
{
    /// <summary>Finds what <c>kopis trace</c> with these words would.</summary>
    /// <param name="journal">The directory of the journal.</param>
    /// <param name="words">The words after <c>kopis trace</c>.</param>
    /// <param name="now">The time that ages count from.</param>
    /// <returns>Null: the words make no sense.</returns>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public static IReadOnlyList<TraceStory>? Find(
        string journal, IReadOnlyList<string> words, DateTimeOffset now)
    {
        if (TraceOptions.Parse(words, now) is not { Follows: false } options)
        {
            return null;
        }

        using JournalSearch search = new(journal, options.Since, options.Until);
        TraceStories stories = new(search, options);
        List<TraceStory> found = [];
        foreach ((ulong number, List<JournalEntry> entries) in stories.Gather())
        {
            List<TraceLine> lines = [];
            foreach (JournalEntry entry in entries.Where(entry =>
                number == 0 || entry.Message == number))
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
                lines.Add(new TraceLine(
                    entry.Time, entry.Kind, entry["verdict"] ?? "",
                    TraceText.WordsOf(entry, forwards), related));
            }

            found.Add(new TraceStory(number, TraceText.Title(number, entries), lines));
        }

        return found;
    }
}
