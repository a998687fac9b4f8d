using Kopis.Mail.Authentication.Dmarc;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>Finds out whether an address wants the reports that a domain asks to be sent there: one
/// outside of the domain's organization says so in its own DNS (RFC 9990 §4).</summary>
public static class ReportDestination
{
    /// <summary>Asks.</summary>
    /// <param name="dns">Asked.</param>
    /// <param name="domain">Where the policy is.</param>
    /// <param name="organization">Its organizational domain.</param>
    /// <param name="target">Where it wants reports.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>The answer, and the addresses, where it is yes: those of the target's own record,
    /// if it names some.</returns>
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

        // To name another host would send reports to one that has not been asked.
        return records.Length == 0 || named.Any(one => one?.Domain != target.Domain)
            ? (ReportConsent.Missing, [])
            : (ReportConsent.Given,
                named.Length == 0 ? [target] : [.. named.OfType<ReportAddress>()]);
    }
}
