using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Server.Tests.Smtp;

/// <summary>A DNS of one list, in which names are listed or not.</summary>
internal sealed class ListedDns : IMailDns
{
    internal HashSet<string> Listed { get; } = [];

    internal bool IsSilent { get; set; }

    public Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop) =>
        Task.FromResult(
            IsSilent ? new DnsAnswer<IPAddress>(DnsStatus.TryAgain, [])
            : Listed.Contains(host)
                ? new DnsAnswer<IPAddress>(DnsStatus.Found, [IPAddress.Parse("127.0.0.2")])
            : new DnsAnswer<IPAddress>(DnsStatus.NoSuchName, []));

    public Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop) =>
        throw new InvalidOperationException();

    public Task<DnsAnswer<IPAddress>> FindAddressesAsync(string host, CancellationToken stop) =>
        throw new InvalidOperationException();

    public Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop) =>
        throw new InvalidOperationException();

    public Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop) =>
        throw new InvalidOperationException();

    public Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
        string domain, CancellationToken stop) => throw new InvalidOperationException();
}
