namespace Kopis.Tools.Journal;

/// <summary>Who has sent most in the last minutes, for a screen that is drawn again and again.
/// </summary>
public sealed class RecentSenders
{
    private const int EntriesMax = 100_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time;
    private readonly SenderKey _key;
    private readonly JournalTail _tail;
    private readonly Queue<JournalEntry> _entries = new();
    private DateTimeOffset _latest; // What is not younger was found already.

    /// <summary>Reads what the journal has of the time.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public RecentSenders(string directory, SenderKey key, TimeProvider time)
    {
        (_time, _key) = (time, key);
        _tail = new JournalTail(directory);
        using JournalSearch search = new(
            directory, time.GetUtcNow() - Window, DateTimeOffset.MaxValue);
        search.ForEach(SenderTable.Kinds, Add);
    }

    /// <summary>The first, as of now.</summary>
    public IReadOnlyList<SenderRow> Top(int count)
    {
        DateTimeOffset known = _latest;
        _tail.ReadNew()
            .FindAll(entry => SenderTable.Kinds.Contains(entry.Kind) && entry.Time > known)
            .ForEach(Add);
        DateTimeOffset oldest = _time.GetUtcNow() - Window;
        while (_entries.TryPeek(out JournalEntry? first) && first.Time < oldest)
        {
            _entries.Dequeue();
        }

        SenderTable table = new(_key);
        foreach (JournalEntry entry in _entries)
        {
            table.Add(entry);
        }

        return table.Top(count, static row => row.Messages);
    }

    private void Add(JournalEntry entry)
    {
        _latest = entry.Time;
        _entries.Enqueue(entry);
        if (_entries.Count > EntriesMax)
        {
            _entries.Dequeue();
        }
    }
}
