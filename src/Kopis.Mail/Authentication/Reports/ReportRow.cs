namespace Kopis.Mail.Authentication.Reports;

/// <summary>The messages of one source that had the same results (RFC 9990 §3.1.1.7 to §3.1.1.14).
/// </summary>
/// <param name="Source">The client's address.</param>
/// <param name="Count">The number of messages.</param>
/// <param name="Disposition">What was done: none, pass, quarantine or reject.</param>
/// <param name="Dkim">Whether an aligned signature passed: pass or fail.</param>
/// <param name="Spf">Whether SPF passed for an aligned domain.</param>
/// <param name="HeaderFrom">The domain of From.</param>
public sealed record ReportRow(
    string Source, long Count, string Disposition, string Dkim, string Spf, string HeaderFrom)
{
    /// <summary>The domain of MAIL FROM; may be empty.</summary>
    public string EnvelopeFrom { get; init; } = "";

    /// <summary>The domain of RCPT; may be empty.</summary>
    public string EnvelopeTo { get; init; } = "";

    /// <summary>Why the disposition differs from the policy.</summary>
    public IReadOnlyList<ReportReason> Reasons { get; init; } = [];

    /// <summary>The results of signatures.</summary>
    public IReadOnlyList<ReportedResult> Signatures { get; init; } = [];

    /// <summary>The results of SPF: RFC 9990 allows one, RFC 7489 several.</summary>
    public IReadOnlyList<ReportedResult> Senders { get; init; } = [];
}
