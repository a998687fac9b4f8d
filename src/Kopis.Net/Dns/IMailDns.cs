using System.Net;

namespace Kopis.Net.Dns;

/// <summary>The DNS questions that mail needs. Answers are values; a bad answer throws nothing.
/// </summary>
public interface IMailDns
{
    /// <summary>A domain's MX records, lowest preference first.</summary>
    Task<DnsAnswer<MailExchanger>> FindExchangersAsync(string domain, CancellationToken stop);

    /// <summary>A host's addresses of both families, IPv4 first.</summary>
    Task<DnsAnswer<IPAddress>> FindAddressesAsync(string host, CancellationToken stop);

    /// <summary>A host's IPv4 addresses alone, which DNS lists of clients answer with.</summary>
    Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop);

    /// <summary>A host's IPv6 addresses alone.</summary>
    Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop);

    /// <summary>A name's TXT records, the strings of each joined.</summary>
    Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop);

    /// <summary>The names in the PTR records of an address, which are not verified.</summary>
    Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop);
}
