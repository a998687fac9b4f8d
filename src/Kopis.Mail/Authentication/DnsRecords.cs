namespace Kopis.Mail.Authentication;

/// <summary>An answer of DNS.</summary>
/// <param name="Outcome">What it says.</param>
/// <param name="Records">The records; none but where they were found.</param>
public readonly record struct DnsRecords<T>(DnsOutcome Outcome, IReadOnlyList<T> Records)
{
    /// <summary>Records that were found, or the lack of any.</summary>
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
