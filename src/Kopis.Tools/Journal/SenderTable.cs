namespace Kopis.Tools.Journal;

/// <summary>Adds up who has sent how much, from records of accepted mail.</summary>
/// <param name="key">By what.</param>
internal sealed class SenderTable(SenderKey key)
{
    /// <summary>The kinds of records that count.</summary>
    internal static readonly string[] Kinds = ["accept", "queued"];

    /// <summary>Senders that are told apart; all others are one.</summary>
    internal const int RowsMax = 1_000_000;

    private const string Others = "(others)";

    private readonly Dictionary<string, SenderRow> _rows = [];

    /// <summary>Adds a message.</summary>
    internal void Add(JournalEntry entry)
    {
        if (NameOf(entry) is not { } name)
        {
            return;
        }

        if (!_rows.TryGetValue(name, out SenderRow? row))
        {
            name = _rows.Count < RowsMax ? name : Others;
            row = _rows.GetValueOrDefault(name) ?? new SenderRow(name);
            _rows[name] = row;
        }

        row.Messages++;
        row.Recipients += (long)(entry.Number("rcpts") ?? 0);
        row.Bytes += (long)(entry.Number("size") ?? 0);
    }

    /// <summary>The first by a measure, the largest first.</summary>
    internal IReadOnlyList<SenderRow> Top(int count, Func<SenderRow, long> measure) =>
        [.. _rows.Values.OrderByDescending(measure).ThenBy(row => row.Name, StringComparer.Ordinal)
            .Take(count)];

    // Of a bounce nobody is the sender.
    private string? NameOf(JournalEntry entry) => key switch
    {
        SenderKey.Login => entry["login"],
        SenderKey.Sender => entry["from"] is { Length: > 0 } from ? from : "<>",
        SenderKey.Domain => entry["from"] is { Length: > 0 } from
            ? from[(from.LastIndexOf('@') + 1)..].ToLowerInvariant() : "<>",
        _ => entry["ip"] ?? $"uid {entry["uid"]}",
    };
}
