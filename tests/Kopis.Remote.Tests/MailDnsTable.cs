using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Remote.Tests;

/// <summary>A DNS of one domain: its exchangers, and the addresses of names. A name with null is
/// not to be had now.</summary>
internal sealed class MailDnsTable(
    MailExchanger[] exchangers, Dictionary<string, string[]?> addresses) : IMailDns
{
    internal List<string> Asked { get; } = [];

    public Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
        string domain, CancellationToken stop) =>
        Task.FromResult(new DnsAnswer<MailExchanger>(DnsStatus.Found, exchangers));

    public Task<DnsAnswer<IPAddress>> FindAddressesAsync(string host, CancellationToken stop)
    {
        Asked.Add(host);
        return Task.FromResult(!addresses.TryGetValue(host, out string[]? found)
            ? new DnsAnswer<IPAddress>(DnsStatus.NoSuchName, [])
            : found is null ? new DnsAnswer<IPAddress>(DnsStatus.TryAgain, [])
            : new DnsAnswer<IPAddress>(DnsStatus.Found, [.. found.Select(IPAddress.Parse)]));
    }

    public Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop) =>
        throw new NotSupportedException();

    public Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop) =>
        throw new NotSupportedException();

    public Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop) =>
        throw new NotSupportedException();

    public Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop) =>
        throw new NotSupportedException();
}
