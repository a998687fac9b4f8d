using System.Net;
using Kopis.Mail.Authentication.Spf;
using Kopis.Net.Dns;
using Kopis.Net.Sts;

namespace Kopis.Host.Doctor;

/// <summary>The answers of DNS about a domain.</summary>
/// <param name="Domain">The domain, as A-labels in lower case.</param>
internal sealed record DomainFacts(string Domain)
{
    /// <summary>Its MX records.</summary>
    internal required DnsAnswer<MailExchanger> Exchangers { get; init; }

    /// <summary>The addresses of each MX, or of the domain itself if it has no MX.</summary>
    internal required IReadOnlyDictionary<string, DnsAnswer<IPAddress>> Hosts { get; init; }

    /// <summary>Its TXT records.</summary>
    internal required DnsAnswer<string> Texts { get; init; }

    /// <summary>The result of SPF for each public address of this host.</summary>
    internal required IReadOnlyList<SpfCheck> Own { get; init; }

    /// <summary>The result of SPF for an address that belongs to nobody.</summary>
    internal required SpfCheck Stranger { get; init; }

    /// <summary>The TXT records of <c>_dmarc</c>, at the domain or at the nearest domain above that
    /// has one.</summary>
    internal required DnsAnswer<string> Dmarc { get; init; }

    /// <summary>TXT records of <c>_mta-sts</c>.</summary>
    internal required DnsAnswer<string> Sts { get; init; }

    /// <summary>Addresses of <c>mta-sts</c>.</summary>
    internal required DnsAnswer<IPAddress> StsHost { get; init; }

    /// <summary>The MTA-STS policy, as fetched; null if it was not tried.</summary>
    internal StsFetched? Policy { get; init; }

    /// <summary>TXT records of <c>_smtp._tls</c>.</summary>
    internal required DnsAnswer<string> TlsReports { get; init; }

    /// <summary>The keys that sign the domain's mail, and the records in DNS under their names.
    /// </summary>
    internal required IReadOnlyList<(SigningRecord Key, DnsAnswer<string> Answer)> Keys
    {
        get;
        init;
    }
}
