namespace Kopis.Tools.Journal;

/// <summary>Adds up how much each sender has sent, from records of accepted mail.</summary>
/// <param name="key">What identifies a sender.</param>
internal sealed class SenderTable(SenderKey key)
{
    /// <summary>The kinds of records that count.</summary>
    internal static readonly string[] Kinds = ["accept", "queued"];

    /// <summary>How many senders have a row of their own; all others share one.</summary>
    internal const int RowsMax = 1_000_000;

    private const string Others = "(others)";

    private readonly Dictionary<string, SenderRow> _rows = [];

    /// <summary>Adds the message of a record, if it counts.</summary>
    internal void Add(JournalEntry entry)
    {
        if (SentMail.Of(entry, key) is { } mail)
        {
            Add(mail);
        }
    }

    /// <summary>Adds a message.</summary>
    internal void Add(SentMail mail)
    {
        string name = mail.Sender;
        if (!_rows.TryGetValue(name, out SenderRow? row))
        {
            name = _rows.Count < RowsMax ? name : Others;
            row = _rows.GetValueOrDefault(name) ?? new SenderRow(name);
            _rows[name] = row;
        }

        row.Messages++;
        row.Recipients += mail.Recipients;
        row.Bytes += mail.Bytes;
    }

    /// <summary>The first senders by a measure, the largest first.</summary>
    internal IReadOnlyList<SenderRow> Top(int count, Func<SenderRow, long> measure) =>
        [.. _rows.Values.OrderByDescending(measure).ThenBy(row => row.Name, StringComparer.Ordinal)
            .Take(count)];
}
