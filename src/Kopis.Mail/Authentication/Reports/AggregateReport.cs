namespace Kopis.Mail.Authentication.Reports;

/// <summary>An aggregate report of DMARC (RFC 9990 §3.1.1; RFC 7489 appendix C): the observations
/// of one receiver about one domain in one period.</summary>
/// <param name="Organization">The reporter.</param>
/// <param name="Email">The address for questions about it.</param>
/// <param name="Id">Its Report-ID.</param>
/// <param name="Begin">The start of the period, in seconds since 1970.</param>
/// <param name="End">Its end.</param>
/// <param name="Policy">What the domain published.</param>
/// <param name="Rows">The observations.</param>
public sealed record AggregateReport(
    string Organization, string Email, string Id, long Begin, long End, PublishedPolicy Policy,
    IReadOnlyList<ReportRow> Rows)
{
    /// <summary>The namespace of RFC 9990; older reports have another namespace, or none.</summary>
    public const string Namespace = "urn:ietf:params:xml:ns:dmarc-2.0";

    /// <summary>More about the reporter; may be empty.</summary>
    public string Contact { get; init; } = "";

    /// <summary>The program that made it; may be empty.</summary>
    public string Generator { get; init; } = "";

    /// <summary>Errors; may be empty.</summary>
    public string Error { get; init; } = "";

    /// <summary>The number of messages that it covers.</summary>
    public long Messages => Rows.Sum(row => row.Count);
}
