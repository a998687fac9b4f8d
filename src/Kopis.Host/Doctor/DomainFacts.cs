using System.Net;
using Kopis.Mail.Authentication.Spf;
using Kopis.Net.Dns;
using Kopis.Net.Sts;

namespace Kopis.Host.Doctor;

/// <summary>What DNS says of a domain.</summary>
/// <param name="Domain">An A-label, lower case.</param>
internal sealed record DomainFacts(string Domain)
{
    /// <summary>Its MX records.</summary>
    internal required DnsAnswer<MailExchanger> Exchangers { get; init; }

    /// <summary>The addresses of each MX; of the domain itself where there is none.</summary>
    internal required IReadOnlyDictionary<string, DnsAnswer<IPAddress>> Hosts { get; init; }

    /// <summary>Its TXT records.</summary>
    internal required DnsAnswer<string> Texts { get; init; }

    /// <summary>What SPF says of each public address of this host.</summary>
    internal required IReadOnlyList<SpfCheck> Own { get; init; }

    /// <summary>What SPF says of an address that is nobody's.</summary>
    internal required SpfCheck Stranger { get; init; }

    /// <summary>TXT records of <c>_dmarc</c>: of the domain, or the nearest above it that has one.
    /// </summary>
    internal required DnsAnswer<string> Dmarc { get; init; }

    /// <summary>TXT records of <c>_mta-sts</c>.</summary>
    internal required DnsAnswer<string> Sts { get; init; }

    /// <summary>Addresses of <c>mta-sts</c>.</summary>
    internal required DnsAnswer<IPAddress> StsHost { get; init; }

    /// <summary>The policy of MTA-STS, as fetched; null where it was not tried.</summary>
    internal StsFetched? Policy { get; init; }

    /// <summary>TXT records of <c>_smtp._tls</c>.</summary>
    internal required DnsAnswer<string> TlsReports { get; init; }

    /// <summary>The keys that sign its mail, and what DNS has under their names.</summary>
    internal required IReadOnlyList<(SigningRecord Key, DnsAnswer<string> Answer)> Keys
    {
        get;
        init;
    }
}
