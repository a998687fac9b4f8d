using System.Collections.Concurrent;
using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Server.Tests.ClientPolicy;

/// <summary>Answers from a table: addresses of names and names of addresses, with spaces between
/// them; <c>?</c> is no answer, and <c>...</c> a question that is never answered, whoever stops
/// waiting.</summary>
internal sealed class ScriptedDns : IMailDns
{
    internal ConcurrentDictionary<string, string> Table { get; } = new();

    internal ConcurrentQueue<string> Asked { get; } = new();

    public Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop) =>
        Answer(host, IPAddress.Parse);

    public Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop) =>
        throw new InvalidOperationException();

    public Task<DnsAnswer<IPAddress>> FindAddressesAsync(string host, CancellationToken stop) =>
        Answer(host, IPAddress.Parse);

    public Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop) =>
        Answer(address.ToString(), name => name);

    public Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop) =>
        throw new InvalidOperationException();

    public Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
        string domain, CancellationToken stop) => throw new InvalidOperationException();

    private Task<DnsAnswer<T>> Answer<T>(string name, Func<string, T> read)
    {
        Asked.Enqueue(name);
        return !Table.TryGetValue(name, out string? text)
                ? Task.FromResult(new DnsAnswer<T>(DnsStatus.NoSuchName, []))
            : text == "..." ? new TaskCompletionSource<DnsAnswer<T>>().Task
            : text == "?" ? Task.FromResult(new DnsAnswer<T>(DnsStatus.TryAgain, []))
            : Task.FromResult(new DnsAnswer<T>(
                DnsStatus.Found, [.. text.Split(' ').Select(read)]));
    }
}
