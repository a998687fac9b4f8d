using System.Net;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Spf;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;
using Kopis.Net.Sts;

namespace Kopis.Host.Doctor;

/// <summary>Asks DNS about domains.</summary>
/// <param name="dns">The resolver, which must not cache.</param>
/// <param name="spf">Checks SPF.</param>
/// <param name="addresses">The host's public addresses.</param>
/// <param name="keys">All signing keys.</param>
/// <param name="web">Fetches MTA-STS policies; null to fetch none.</param>
internal sealed class DomainAsker(
    IMailDns dns, SpfAsker spf, IReadOnlyList<IPAddress> addresses,
    IReadOnlyList<SigningRecord> keys, IStsWeb? web)
{
    private const int HostsMax = 10;
    private const int LabelsMax = 8; // RFC 9989 §4.10: at most eight questions.
    private static readonly TimeSpan WebTime = TimeSpan.FromSeconds(12);
    private static readonly IPAddress Nobody = IPAddress.Parse("192.0.2.255"); // RFC 5737.

    /// <summary>Asks everything about one domain at once.</summary>
    internal async Task<DomainFacts> AskAsync(string domain, CancellationToken stop)
    {
        Task<DnsAnswer<MailExchanger>> exchangers = dns.FindExchangersAsync(domain, stop);
        Task<DnsAnswer<string>> texts = dns.FindTextsAsync(domain, stop);
        Task<DnsAnswer<string>> dmarc = FindDmarcAsync(domain, stop);
        Task<DnsAnswer<string>> sts = dns.FindTextsAsync($"_mta-sts.{domain}", stop);
        Task<DnsAnswer<IPAddress>> stsHost = dns.FindAddressesAsync($"mta-sts.{domain}", stop);
        Task<DnsAnswer<string>> reports = dns.FindTextsAsync($"_smtp._tls.{domain}", stop);
        Task<SpfCheck> stranger = spf.AskAsync(domain, Nobody, stop);
        Task<SpfCheck[]> own = Task.WhenAll(addresses.Select(ip => spf.AskAsync(domain, ip, stop)));
        Task<(SigningRecord, DnsAnswer<string>)[]> signing = Task.WhenAll(keys
            .Where(key => key.Domain == domain)
            .Select(async key => (key, await dns.FindTextsAsync(key.Name, stop))));
        Dictionary<string, DnsAnswer<IPAddress>> hosts =
            await FindHostsAsync(domain, await exchangers, stop);
        return new DomainFacts(domain)
        {
            Exchangers = await exchangers,
            Hosts = hosts,
            Texts = await texts,
            Own = await own,
            Stranger = await stranger,
            Dmarc = await dmarc,
            Sts = await sts,
            StsHost = await stsHost,
            Policy = await FetchAsync(domain, await sts, await stsHost, stop),
            TlsReports = await reports,
            Keys = await signing,
        };
    }

    private async Task<StsFetched?> FetchAsync(
        string domain, DnsAnswer<string> records, DnsAnswer<IPAddress> host,
        CancellationToken stop)
    {
        if (web is null || StsRecord.IdOf(records.Records) is null || host.Records.Count == 0)
        {
            return null;
        }

        using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(stop);
        soon.CancelAfter(WebTime);
        try
        {
            return await web.FetchAsync(domain, soon.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new StsFetched(null, TlsResultType.StsFetchError, "no answer in time");
        }
    }

    private async Task<Dictionary<string, DnsAnswer<IPAddress>>> FindHostsAsync(
        string domain, DnsAnswer<MailExchanger> exchangers, CancellationToken stop)
    {
        string[] names = exchangers.Status == DnsStatus.TryAgain ? []
            : exchangers.Records.Count == 0 ? [domain]
            : [.. exchangers.Records.Select(one => one.Host.ToLowerInvariant())
                .Where(host => host.Length > 0).Distinct().Take(HostsMax)];
        DnsAnswer<IPAddress>[] found =
            await Task.WhenAll(names.Select(name => dns.FindAddressesAsync(name, stop)));
        return names.Zip(found).ToDictionary(one => one.First, one => one.Second);
    }

    /// <summary>Searches the domain and those above it for a record; a failure on the way ends the
    /// search.</summary>
    private async Task<DnsAnswer<string>> FindDmarcAsync(string domain, CancellationToken stop)
    {
        string[] labels = domain.Split('.');
        DnsAnswer<string> answer = default;
        for (int cut = 0; cut < Math.Min(labels.Length, LabelsMax); cut++)
        {
            answer = await dns.FindTextsAsync(
                $"_dmarc.{string.Join('.', labels[cut..])}", stop);
            if (answer.Status == DnsStatus.TryAgain
                || answer.Records.Any(text => DmarcRecord.Parse(text) is not null))
            {
                return answer;
            }
        }

        return answer with { Records = [] };
    }
}
