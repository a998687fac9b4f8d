namespace Kopis.Tools.Journal;

/// <summary>Keeps the first and the last of many records; those between are only counted.</summary>
/// <param name="most">How many are kept.</param>
internal sealed class FirstAndLast(int most)
{
    private readonly List<JournalEntry> _first = [];
    private readonly Queue<JournalEntry> _last = new();

    /// <summary>The records that are kept, the oldest first.</summary>
    internal IReadOnlyList<JournalEntry> Kept => [.. _first, .. _last];

    /// <summary>How many are left out.</summary>
    internal long LeftOut { get; private set; }

    /// <summary>How many of the kept records come before those left out.</summary>
    internal int Gap => _first.Count;

    /// <summary>Adds the next record.</summary>
    internal void Add(JournalEntry entry)
    {
        if (_first.Count < most / 2)
        {
            _first.Add(entry);
            return;
        }

        _last.Enqueue(entry);
        if (_last.Count > most - (most / 2))
        {
            _last.Dequeue();
            LeftOut++;
        }
    }

    /// <summary>Adds all records of another, which are newer.</summary>
    internal void Add(FirstAndLast others)
    {
        foreach (JournalEntry entry in others.Kept)
        {
            Add(entry);
        }

        LeftOut += others.LeftOut;
    }
}
