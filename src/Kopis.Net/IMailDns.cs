using System.Net;

namespace Kopis.Net;

/// <summary>What mail asks of DNS. Answers are values; nothing is thrown for a bad answer.
/// </summary>
public interface IMailDns
{
    /// <summary>A domain's MX records, lowest preference first.</summary>
    Task<DnsAnswer<MailExchanger>> FindExchangersAsync(string domain, CancellationToken stop);

    /// <summary>A host's addresses of both families, IPv4 first.</summary>
    Task<DnsAnswer<IPAddress>> FindAddressesAsync(string host, CancellationToken stop);
}
