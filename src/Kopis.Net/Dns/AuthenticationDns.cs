using System.Net;
using Kopis.Mail.Authentication;

namespace Kopis.Net.Dns;

/// <summary>
/// What the checks of one message ask of DNS: through a cache that all messages share, and within
/// a time for all questions of the message together. When that is over, what is not in the cache
/// is a temporary failure.
/// </summary>
/// <param name="dns">Asked; one that keeps nothing (<see cref="MailDns.ReadHurried"/>).</param>
/// <param name="cache">What all share.</param>
/// <param name="time">The clock.</param>
/// <param name="budget">The time of a message: RFC 7208 §4.6.4 wants 20 seconds at least.</param>
public sealed class AuthenticationDns(
    IMailDns dns, AnswerCache cache, TimeProvider time, TimeSpan budget) : IAuthenticationDns
{
    private const int CachedTextMax = 8192; // Of one answer.
    private static readonly TimeSpan KeepNone = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan KeepFailure = TimeSpan.FromSeconds(10);

    private readonly long _start = time.GetTimestamp();

    /// <summary>How many questions went to DNS, and not to the cache.</summary>
    public int Questions { get; private set; }

    /// <inheritdoc/>
    public ValueTask<DnsRecords<string>> FindTextsAsync(string name, CancellationToken stop) =>
        AskAsync("T", name, () => dns.FindTextsAsync(name, stop));

    /// <inheritdoc/>
    public ValueTask<DnsRecords<IPAddress>> FindAddressesAsync(
        string name, bool isIPv6, CancellationToken stop) => isIPv6
        ? AskAsync("6", name, () => dns.FindIPv6Async(name, stop))
        : AskAsync("4", name, () => dns.FindIPv4Async(name, stop));

    /// <inheritdoc/>
    public ValueTask<DnsRecords<string>> FindExchangersAsync(
        string name, CancellationToken stop) =>
        AskAsync("M", name, async () =>
        {
            DnsAnswer<MailExchanger> found = await dns.FindExchangersAsync(name, stop);
            return new DnsAnswer<string>(
                found.Status, [.. found.Records.Select(one => one.Host)], found.Seconds);
        });

    /// <inheritdoc/>
    public ValueTask<DnsRecords<string>> FindNamesAsync(
        IPAddress address, CancellationToken stop) =>
        AskAsync("P", address.ToString(), () => dns.FindNamesAsync(address, stop));

    private async ValueTask<DnsRecords<T>> AskAsync<T>(
        string type, string name, Func<Task<DnsAnswer<T>>> ask)
    {
        string question = type + name.ToLowerInvariant();
        if (cache.Find(question) is DnsRecords<T> known)
        {
            return known;
        }

        if (time.GetElapsedTime(_start) >= budget)
        {
            return new DnsRecords<T>(DnsOutcome.Temporary);
        }

        Questions++;
        DnsAnswer<T> answer = await ask();
        DnsRecords<T> records = answer.Status switch
        {
            DnsStatus.Found => new DnsRecords<T>(answer.Records),
            DnsStatus.NoSuchName => new DnsRecords<T>(DnsOutcome.NoSuchName),
            _ => new DnsRecords<T>(DnsOutcome.Temporary),
        };
        if (records.Records.Sum(one => (one as string)?.Length ?? 0) <= CachedTextMax)
        {
            cache.Add(question, records, records.Outcome switch
            {
                DnsOutcome.Found => TimeSpan.FromSeconds(answer.Seconds),
                DnsOutcome.Temporary => KeepFailure,
                _ => KeepNone,
            });
        }

        return records;
    }
}
