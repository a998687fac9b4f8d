namespace Kopis.Mail.TlsReports;

/// <summary>A TLS report: the results of sessions with a domain's hosts in one period (RFC 8460
/// §4).</summary>
/// <param name="Organization">The reporter.</param>
/// <param name="Contact">The address for questions about it.</param>
/// <param name="Id">Its report-id.</param>
/// <param name="Begin">The start of the period.</param>
/// <param name="End">The last second of the period.</param>
/// <param name="Policies">The observations, by policy.</param>
public sealed record TlsReport(
    string Organization, string Contact, string Id, DateTimeOffset Begin, DateTimeOffset End,
    IReadOnlyList<TlsPolicyCount> Policies)
{
    /// <summary>The number of sessions that it covers.</summary>
    public long Sessions => Policies.Sum(one => one.Successes + one.Failures);

    /// <summary>Sessions by policy.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="sessions">The observations of the domain.</param>
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
