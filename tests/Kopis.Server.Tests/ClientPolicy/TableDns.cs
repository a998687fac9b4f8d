using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Server.Tests.ClientPolicy;

/// <summary>Answers from a table of names: null for no answer; counts the questions.</summary>
internal sealed class TableDns(Dictionary<string, string?> table) : IMailDns
{
    internal List<string> Asked { get; } = [];

    public Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop) =>
        Task.FromResult(Answer(name, text => text));

    public Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop) =>
        Task.FromResult(Answer(host, IPAddress.Parse));

    public Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop) =>
        throw new InvalidOperationException();

    public Task<DnsAnswer<IPAddress>> FindAddressesAsync(string host, CancellationToken stop) =>
        throw new InvalidOperationException("A list answers with A records alone.");

    public Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
        string domain, CancellationToken stop) => throw new InvalidOperationException();

    public Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop) =>
        throw new InvalidOperationException();

    private DnsAnswer<T> Answer<T>(string name, Func<string, T> read)
    {
        Asked.Add(name);
        return !table.TryGetValue(name, out string? text)
            ? new DnsAnswer<T>(DnsStatus.NoSuchName, [])
            : text is null ? new DnsAnswer<T>(DnsStatus.TryAgain, [])
            : new DnsAnswer<T>(DnsStatus.Found, [.. text.Split('|').Select(read)]);
    }
}
