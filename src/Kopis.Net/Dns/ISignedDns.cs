using Kopis.Mail.Transport;

namespace Kopis.Net.Dns;

/// <summary>The DNS questions of DANE, which report whether signatures were verified.</summary>
public interface ISignedDns
{
    /// <summary>Whether the resolver is on this host and verifies signatures.</summary>
    ValueTask<bool> IsValidatingAsync(CancellationToken stop);

    /// <summary>The name that has a host's addresses, after following aliases; empty if it has no
    /// addresses. Secure if all answers on the way are.</summary>
    Task<DnsAnswer<string>> FindCanonicalAsync(string host, CancellationToken stop);

    /// <summary>The target of an alias, without following it further.</summary>
    Task<DnsAnswer<string>> FindAliasAsync(string host, CancellationToken stop);

    /// <summary>The TLSA records of a name.</summary>
    Task<DnsAnswer<TlsaRecord>> FindTlsaAsync(string name, CancellationToken stop);
}
