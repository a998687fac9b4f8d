using System.Net;
using Kopis.Net.Dns;

namespace MicroBench;

/// <summary>A zone: TXT records by name, and one client whose name leads back to it.</summary>
internal sealed class BenchDns(IPAddress client, Dictionary<string, string> texts) : IMailDns
{
    private const string Name = "client.test";
    private const int Seconds = 3600;

    public Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
        string domain, CancellationToken stop) => Found<MailExchanger>();

    public Task<DnsAnswer<IPAddress>> FindAddressesAsync(string host, CancellationToken stop) =>
        FindIPv4Async(host, stop);

    public Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop) =>
        host == Name ? Found(client) : Found<IPAddress>();

    public Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop) =>
        Found<IPAddress>();

    public Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop) =>
        texts.TryGetValue(name, out string? text) ? Found(text) : Found<string>();

    public Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop) =>
        Found(Name);

    private static Task<DnsAnswer<T>> Found<T>(params T[] records) =>
        Task.FromResult(new DnsAnswer<T>(DnsStatus.Found, records, Seconds));
}
