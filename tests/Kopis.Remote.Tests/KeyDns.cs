using System.Net;
using Kopis.Mail.Authentication;
using Kopis.Net.Dkim;

namespace Kopis.Remote.Tests;

/// <summary>A DNS with the records of keys and nothing else.</summary>
internal sealed class KeyDns(IReadOnlyList<DkimKeyFile> keys) : IAuthenticationDns
{
    public ValueTask<DnsRecords<string>> FindTextsAsync(string name, CancellationToken stop) =>
        new(new DnsRecords<string>(
            [.. keys.Where(key => key.RecordName == name).Select(key => key.Record)]));

    public ValueTask<DnsRecords<IPAddress>> FindAddressesAsync(
        string name, bool isIPv6, CancellationToken stop) => throw new NotSupportedException();

    public ValueTask<DnsRecords<string>> FindExchangersAsync(
        string name, CancellationToken stop) => throw new NotSupportedException();

    public ValueTask<DnsRecords<string>> FindNamesAsync(
        IPAddress address, CancellationToken stop) => throw new NotSupportedException();
}
