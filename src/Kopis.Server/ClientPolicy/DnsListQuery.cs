using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Net.Dns;

namespace Kopis.Server.ClientPolicy;

/// <summary>Asks DNS lists of clients (RFC 5782). An address is on a list if the name of its
/// reversed digits and the list's zone has records.</summary>
public sealed class DnsListQuery(IMailDns dns)
{
    // For one lookup with any number of resolvers. A client waits five minutes for a greeting (RFC
    // 5321 §4.5.3.2), and several lists may be asked before it.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The list's answers for an address: an A record for each reason why it is listed.
    /// </summary>
    public Task<DnsAnswer<IPAddress>> FindCodesAsync(
        IPAddress client, string zone, CancellationToken stop) =>
        BoundedAsync(inTime => dns.FindIPv4Async(NameFor(client, zone), inTime), stop);

    /// <summary>The list's text for the client.</summary>
    public Task<DnsAnswer<string>> FindTextsAsync(
        IPAddress client, string zone, CancellationToken stop) =>
        BoundedAsync(inTime => dns.FindTextsAsync(NameFor(client, zone), inTime), stop);

    /// <summary>The name to ask: <c>192.0.2.99</c> is at <c>99.2.0.192.ZONE</c>. An IPv6 address is
    /// written in all its 32 digits (RFC 5782 §2.4).</summary>
    internal static string NameFor(IPAddress client, string zone)
    {
        client = PlainAddress.Of(client);
        byte[] bytes = client.GetAddressBytes();
        Array.Reverse(bytes);
        IEnumerable<string> labels = client.AddressFamily == AddressFamily.InterNetwork
            ? bytes.Select(b => b.ToString(CultureInfo.InvariantCulture))
            : bytes.Select(b => $"{b & 15:x}.{b >> 4:x}");
        return $"{string.Join('.', labels)}.{zone.Trim('.')}";
    }

    private static async Task<DnsAnswer<T>> BoundedAsync<T>(
        Func<CancellationToken, Task<DnsAnswer<T>>> ask, CancellationToken stop)
    {
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(AnswerTimeout);
        try
        {
            return await ask(limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new DnsAnswer<T>(DnsStatus.TryAgain, []);
        }
    }
}
