namespace Kopis.Mail.TlsReports;

/// <summary>A report of TLS: how sessions with a domain's hosts began in one period (RFC 8460 §4).
/// </summary>
/// <param name="Organization">Who reports.</param>
/// <param name="Contact">Whom to ask about it.</param>
/// <param name="Id">Its report-id.</param>
/// <param name="Begin">The start of the period.</param>
/// <param name="End">Its last second.</param>
/// <param name="Policies">What was seen, by policy.</param>
public sealed record TlsReport(
    string Organization, string Contact, string Id, DateTimeOffset Begin, DateTimeOffset End,
    IReadOnlyList<TlsPolicyCount> Policies)
{
    /// <summary>How many sessions it is about.</summary>
    public long Sessions => Policies.Sum(one => one.Successes + one.Failures);

    /// <summary>Sessions by policy.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="sessions">What was seen of it.</param>
    public static IReadOnlyList<TlsPolicyCount> Count(
        string domain, IEnumerable<SessionCount> sessions) =>
    [
        .. sessions.GroupBy(one => $"{one.Policy.Kind} {string.Join('|', one.Policy.Lines)}")
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new TlsPolicyCount(
                group.First().Policy, domain,
                group.Where(one => one.Result == TlsResultType.Success).Sum(one => one.Count),
                group.Where(one => one.Result != TlsResultType.Success).Sum(one => one.Count),
                [
                    .. group.Where(one => one.Result != TlsResultType.Success).Select(one =>
                        new TlsFailure(
                            TlsResultText.Of(one.Result), one.Sender, one.Host, one.Address,
                            one.Count)),
                ])),
    ];
}
