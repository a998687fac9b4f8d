namespace Kopis.Mail.Authentication;

/// <summary>An answer of DNS.</summary>
/// <param name="Outcome">The kind of the answer.</param>
/// <param name="Records">The records; empty unless some were found.</param>
public readonly record struct DnsRecords<T>(DnsOutcome Outcome, IReadOnlyList<T> Records)
{
    /// <summary>An answer with the records that were found; with none, the lack of records.
    /// </summary>
    public DnsRecords(IReadOnlyList<T> records)
        : this(records.Count > 0 ? DnsOutcome.Found : DnsOutcome.NoRecords, records)
    {
    }

    /// <summary>An answer without records.</summary>
    public DnsRecords(DnsOutcome outcome)
        : this(outcome, [])
    {
    }
}
