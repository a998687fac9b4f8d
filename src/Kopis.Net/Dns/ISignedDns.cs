using Kopis.Mail.Transport;

namespace Kopis.Net.Dns;

/// <summary>What DANE asks of DNS: answers, and whether their signatures were checked.</summary>
public interface ISignedDns
{
    /// <summary>Whether the resolver checks signatures, and is one of this host.</summary>
    ValueTask<bool> IsValidatingAsync(CancellationToken stop);

    /// <summary>The name that a host's addresses are found at, behind its aliases; none where it
    /// has no addresses. Secure: all answers on the way are.</summary>
    Task<DnsAnswer<string>> FindCanonicalAsync(string host, CancellationToken stop);

    /// <summary>Where a name is an alias to, itself and no further.</summary>
    Task<DnsAnswer<string>> FindAliasAsync(string host, CancellationToken stop);

    /// <summary>The TLSA records of a name.</summary>
    Task<DnsAnswer<TlsaRecord>> FindTlsaAsync(string name, CancellationToken stop);
}
