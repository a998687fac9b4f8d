using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Net.Dns;

namespace Kopis.Server.ClientPolicy;

/// <summary>
/// Asks lists of clients that are kept in DNS (RFC 5782): an address is on a list where the name
/// made of its reversed digits and the list's zone has records.
/// </summary>
public sealed class DnsListQuery(IMailDns dns)
{
    // For one look-up, however many resolvers there are: a client gives a greeting five minutes
    // (RFC 5321 §4.5.3.2), and several lists may be asked before it.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(20);

    /// <summary>What the list says of the address: an A record for each reason it is there.
    /// </summary>
    public Task<DnsAnswer<IPAddress>> FindCodesAsync(
        IPAddress client, string zone, CancellationToken stop) =>
        BoundedAsync(inTime => dns.FindIPv4Async(NameFor(client, zone), inTime), stop);

    /// <summary>The list's text for the client.</summary>
    public Task<DnsAnswer<string>> FindTextsAsync(
        IPAddress client, string zone, CancellationToken stop) =>
        BoundedAsync(inTime => dns.FindTextsAsync(NameFor(client, zone), inTime), stop);

    /// <summary>
    /// <c>192.0.2.99</c> is at <c>99.2.0.192.ZONE</c>; an IPv6 address is there digit by digit,
    /// all 32 of them (RFC 5782 §2.4).
    /// </summary>
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
