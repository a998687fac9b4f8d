using Kopis.Mail.Authentication.Dmarc;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>Finds out whether an address accepts the reports that a domain wants sent there. An
/// address outside of the domain's organization must say so in its own DNS (RFC 9990 §4).</summary>
public static class ReportDestination
{
    /// <summary>Asks DNS.</summary>
    /// <param name="dns">The source of records.</param>
    /// <param name="domain">The domain with the policy.</param>
    /// <param name="organization">Its organizational domain.</param>
    /// <param name="target">The address where it wants reports.</param>
    /// <param name="stop">Cancels the question.</param>
    /// <returns>The answer and, if it is yes, the addresses; the target's own record may name
    /// others.</returns>
    public static async Task<(ReportConsent Consent, IReadOnlyList<ReportAddress> To)> AskAsync(
        IAuthenticationDns dns, string domain, string organization, ReportAddress target,
        CancellationToken stop)
    {
        if (DomainText.IsWithin(target.Domain, organization))
        {
            TreeWalk walk = new(dns, stop);
            if (await walk.WalkAsync(target.Domain) is not { } found)
            {
                return (ReportConsent.Unknown, []);
            }

            if (TreeWalk.Organization(target.Domain, found) == organization)
            {
                return (ReportConsent.Given, [target]);
            }
        }

        string name = $"{domain}._report._dmarc.{target.Domain}";
        if (!DomainText.IsName(name))
        {
            return (ReportConsent.Missing, []);
        }

        DnsRecords<string> texts = await dns.FindTextsAsync(name, stop);
        if (texts.Outcome == DnsOutcome.Temporary)
        {
            return (ReportConsent.Unknown, []);
        }

        DmarcRecord[] records = [.. texts.Records.Select(DmarcRecord.Parse).OfType<DmarcRecord>()];
        string[] others =
            [.. records.SelectMany(record => record.AggregateTargets)];
        ReportAddress?[] named = [.. others.Select(ReportAddress.Parse)];

        // A record that names another host would send reports to a host that was not asked.
        return records.Length == 0 || named.Any(one => one?.Domain != target.Domain)
            ? (ReportConsent.Missing, [])
            : (ReportConsent.Given,
                named.Length == 0 ? [target] : [.. named.OfType<ReportAddress>()]);
    }
}
