using Kopis.Base;

namespace Kopis.Tools.Journal;

/// <summary>Counts events by kind, in one span of time and in the span before it.</summary>
internal sealed class DayCounts
{
    private const int NamesMax = 2000; // Of one kind: clients choose some of them.

    private readonly SortedDictionary<string, SortedDictionary<string, (long Before, long Now)>>
        _counts = new(StringComparer.Ordinal);

    /// <summary>Counts one record.</summary>
    /// <param name="entry">The record.</param>
    /// <param name="isNow">Whether it is of the later span.</param>
    internal void Add(JournalEntry entry, bool isNow)
    {
        switch (entry.Kind)
        {
            case "accept":
                Add(DayKind.Accepted, $"by {entry["proto"]}", isNow);
                AddNamed(DayKind.Sender, entry["login"], isNow);
                break;
            case "queued":
                Add(
                    DayKind.Accepted, entry.IsOfProgram ? "by a program" : "of this host", isNow);
                break;
            case "refuse":
                Add(DayKind.Refused, $"by {entry["check"]}", isNow);
                break;
            case "attempt":
                Add(DayKind.Delivery, $"{entry["channel"]} {entry["verdict"]}", isNow);
                if (entry is { } one && one["channel"] == "remote" && one["verdict"] == "deferral")
                {
                    AddNamed(DayKind.Deferring, DomainOf(entry["to"]), isNow);
                }

                break;
            case "bounce" or "discard":
                Add(DayKind.Bounce, entry.Kind == "bounce" ? "sent" : "for nobody", isNow);
                break;
            case "login" when entry["result"] == "failed":
                AddNamed(DayKind.LoginFailed, entry["ip"], isNow);
                break;
            case "lost":
                Add(DayKind.Lost, entry["why"] ?? "", isNow, (long)(entry.Number("n") ?? 1));
                break;
        }
    }

    /// <summary>All that was counted, or what has changed.</summary>
    internal IEnumerable<DayLine> Lines(bool changedOnly) =>
        _counts.SelectMany(kind => kind.Value.Select(name =>
            new DayLine(DayKind.Of(kind.Key), name.Key, name.Value.Before, name.Value.Now)))
            .Where(line => !changedOnly || line.IsChanged);

    private void AddNamed(DayKind kind, string? name, bool isNow)
    {
        if (name is { Length: > 0 })
        {
            Add(kind, name, isNow);
        }
    }

    private void Add(DayKind kind, string name, bool isNow, long count = 1)
    {
        if (!_counts.TryGetValue(kind.Name, out var names))
        {
            _counts[kind.Name] = names = new(StringComparer.Ordinal);
        }

        if (!names.TryGetValue(name, out (long Before, long Now) old))
        {
            if (names.Count >= NamesMax)
            {
                name = "others";
                old = names.GetValueOrDefault(name);
            }
        }

        names[name] = isNow ? (old.Before, old.Now + count) : (old.Before + count, old.Now);
    }

    private static string? DomainOf(string? address) => address is null ? null
        : new TextAddress(address).DomainOrAll.ToString().ToLowerInvariant();
}
