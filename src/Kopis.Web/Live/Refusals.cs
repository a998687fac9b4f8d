using Kopis.Tools.Journal;

namespace Kopis.Web.Live;

/// <summary>Refusals to clients, counted by the check that refused. Only the last refusals of each
/// check are kept. May be used from many threads.</summary>
internal sealed class Refusals
{
    private const int ChecksMax = 100;
    private const int LastMax = 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Count, Queue<JournalEntry> Last)> _checks = [];

    /// <summary>The time of the first record that was counted.</summary>
    internal DateTimeOffset? Since { get; private set; }

    /// <summary>Counts a refusal.</summary>
    internal void Add(JournalEntry entry)
    {
        string check = entry["check"] ?? "unknown";
        lock (_lock)
        {
            Since ??= entry.Time;
            if (!_checks.TryGetValue(check, out (long Count, Queue<JournalEntry> Last) known))
            {
                if (_checks.Count >= ChecksMax)
                {
                    return;
                }

                known = (0, new Queue<JournalEntry>(LastMax));
            }

            if (known.Last.Count == LastMax)
            {
                known.Last.Dequeue();
            }

            known.Last.Enqueue(entry);
            _checks[check] = (known.Count + 1, known.Last);
        }
    }

    /// <summary>The checks with their counts, the most frequent first.</summary>
    internal IReadOnlyList<(string Check, long Count)> Counts()
    {
        lock (_lock)
        {
            return [.. _checks.Select(one => (one.Key, one.Value.Count))
                .OrderByDescending(one => one.Count)];
        }
    }

    /// <summary>The last refusals of one check, or of all, the latest first.</summary>
    internal IReadOnlyList<JournalEntry> Last(string? check)
    {
        lock (_lock)
        {
            return [.. _checks.Where(one => check is null || one.Key == check)
                .SelectMany(one => one.Value.Last)
                .OrderByDescending(entry => entry.Time).Take(2 * LastMax)];
        }
    }
}
