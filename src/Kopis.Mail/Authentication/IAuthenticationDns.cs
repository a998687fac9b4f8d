using System.Net;

namespace Kopis.Mail.Authentication;

/// <summary>The questions to DNS when a message is checked. No bad answer throws. Names are
/// A-labels without a dot at the end. An answer has at most 100 records.</summary>
public interface IAuthenticationDns
{
    /// <summary>TXT records, each with its strings joined. A byte over 127 may become any character
    /// over 127.</summary>
    ValueTask<DnsRecords<string>> FindTextsAsync(string name, CancellationToken stop);

    /// <summary>A records, or AAAA records.</summary>
    ValueTask<DnsRecords<IPAddress>> FindAddressesAsync(
        string name, bool isIPv6, CancellationToken stop);

    /// <summary>The hosts of MX records, the lowest preference first.</summary>
    ValueTask<DnsRecords<string>> FindExchangersAsync(string name, CancellationToken stop);

    /// <summary>The names of an address by PTR records.</summary>
    ValueTask<DnsRecords<string>> FindNamesAsync(IPAddress address, CancellationToken stop);
}
