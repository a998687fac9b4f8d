namespace Kopis.Tools.Journal;

/// <summary>The first and the last of many records; those between are counted alone.</summary>
/// <param name="most">So many are kept.</param>
internal sealed class FirstAndLast(int most)
{
    private readonly List<JournalEntry> _first = [];
    private readonly Queue<JournalEntry> _last = new();

    /// <summary>What is kept, the oldest first.</summary>
    internal IReadOnlyList<JournalEntry> Kept => [.. _first, .. _last];

    /// <summary>How many are left out.</summary>
    internal long LeftOut { get; private set; }

    /// <summary>Behind so many of what is kept they were.</summary>
    internal int Gap => _first.Count;

    /// <summary>Adds the next.</summary>
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

    /// <summary>Adds all of others, which are younger.</summary>
    internal void Add(FirstAndLast others)
    {
        foreach (JournalEntry entry in others.Kept)
        {
            Add(entry);
        }

        LeftOut += others.LeftOut;
    }
}
