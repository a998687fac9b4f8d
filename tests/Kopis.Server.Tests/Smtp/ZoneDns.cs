using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Server.Tests.Smtp;

/// <summary>A DNS of records by type and name; it can be dead.</summary>
internal sealed class ZoneDns : IMailDns
{
    private readonly Dictionary<string, List<string>> _records = [];

    internal bool IsDead { get; set; }

    internal int Questions { get; private set; }

    /// <summary>Adds one: <c>TXT a.example v=spf1 -all</c>.</summary>
    internal void Add(string record)
    {
        string[] words = record.Split(' ', 3);
        string key = $"{words[0]} {words[1]}";
        _records.TryAdd(key, []);
        _records[key].Add(words[2]);
    }

    public Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop) =>
        Answer("TXT", name, text => text);

    public Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop) =>
        Answer("A", host, IPAddress.Parse);

    public Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop) =>
        Answer("AAAA", host, IPAddress.Parse);

    public Task<DnsAnswer<IPAddress>> FindAddressesAsync(string host, CancellationToken stop) =>
        Answer("A", host, IPAddress.Parse);

    public Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop) =>
        Answer("PTR", address.ToString(), text => text);

    public Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
        string domain, CancellationToken stop) =>
        Answer("MX", domain, text => new MailExchanger(10, text));

    private Task<DnsAnswer<T>> Answer<T>(string type, string name, Func<string, T> read)
    {
        Questions++;
        return Task.FromResult(
            IsDead ? new DnsAnswer<T>(DnsStatus.TryAgain, [])
            : _records.TryGetValue($"{type} {name}", out List<string>? found)
                ? new DnsAnswer<T>(DnsStatus.Found, [.. found.Select(read)])
            : new DnsAnswer<T>(DnsStatus.NoSuchName, []));
    }
}
