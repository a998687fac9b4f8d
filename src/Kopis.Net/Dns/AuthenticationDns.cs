using System.Net;
using Kopis.Mail.Authentication;

namespace Kopis.Net.Dns;

/// <summary>DNS for the checks of one message, through a cache that all messages share, and within
/// one time limit for all questions of the message. After that, what is not in the cache is a
/// temporary failure.</summary>
/// <param name="dns">Answers DNS questions, without a cache (<see cref="MailDns.ReadHurried"/>).
/// </param>
/// <param name="cache">The shared cache.</param>
/// <param name="time">The clock.</param>
/// <param name="budget">The time for a message: RFC 7208 §4.6.4 requires at least 20 seconds.
/// </param>
public sealed class AuthenticationDns(
    IMailDns dns, AnswerCache cache, TimeProvider time, TimeSpan budget) : IAuthenticationDns
{
    private const int CachedTextMax = 8192; // Of one answer.
    private const int RecordBytes = 64; // Of a string or an address, without its text.
    private static readonly TimeSpan KeepNone = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan KeepFailure = TimeSpan.FromSeconds(10);

    private readonly long _start = time.GetTimestamp();

    /// <summary>How many questions were sent to DNS.</summary>
    public int Questions { get; private set; }

    /// <inheritdoc/>
    public ValueTask<DnsRecords<string>> FindTextsAsync(string name, CancellationToken stop) =>
        FindAsync("T", name, static (dns, name, stop) => dns.FindTextsAsync(name, stop), stop);

    /// <inheritdoc/>
    public ValueTask<DnsRecords<IPAddress>> FindAddressesAsync(
        string name, bool isIPv6, CancellationToken stop) => isIPv6
        ? FindAsync("6", name, static (dns, name, stop) => dns.FindIPv6Async(name, stop), stop)
        : FindAsync("4", name, static (dns, name, stop) => dns.FindIPv4Async(name, stop), stop);

    /// <inheritdoc/>
    public ValueTask<DnsRecords<string>> FindExchangersAsync(
        string name, CancellationToken stop) => FindAsync(
        "M",
        name,
        static async (dns, name, stop) =>
        {
            DnsAnswer<MailExchanger> found = await dns.FindExchangersAsync(name, stop);
            return new DnsAnswer<string>(
                found.Status, [.. found.Records.Select(one => one.Host)], found.Seconds);
        },
        stop);

    /// <inheritdoc/>
    public ValueTask<DnsRecords<string>> FindNamesAsync(
        IPAddress address, CancellationToken stop) => FindAsync(
        "P",
        address.ToString(),
        static (dns, text, stop) => dns.FindNamesAsync(IPAddress.Parse(text), stop),
        stop);

    // An answer from the cache, which a busy host nearly always has, needs no state machine.
    private ValueTask<DnsRecords<T>> FindAsync<T>(
        string type,
        string name,
        Func<IMailDns, string, CancellationToken, Task<DnsAnswer<T>>> ask,
        CancellationToken stop)
    {
        string question = type + name.ToLowerInvariant();
        return cache.Find(question) is DnsRecords<T> known
            ? ValueTask.FromResult(known)
            : AskAsync(question, name, ask, stop);
    }

    private async ValueTask<DnsRecords<T>> AskAsync<T>(
        string question,
        string name,
        Func<IMailDns, string, CancellationToken, Task<DnsAnswer<T>>> ask,
        CancellationToken stop)
    {
        if (time.GetElapsedTime(_start) >= budget)
        {
            return new DnsRecords<T>(DnsOutcome.Temporary);
        }

        Questions++;
        DnsAnswer<T> answer = await ask(dns, name, stop);
        DnsRecords<T> records = answer.Status switch
        {
            DnsStatus.Found => new DnsRecords<T>(answer.Records),
            DnsStatus.NoSuchName => new DnsRecords<T>(DnsOutcome.NoSuchName),
            _ => new DnsRecords<T>(DnsOutcome.Temporary),
        };
        int characters = records.Records.Sum(one => (one as string)?.Length ?? 0);
        if (characters <= CachedTextMax)
        {
            int bytes = (characters * sizeof(char)) + (records.Records.Count * RecordBytes);
            cache.Add(question, records, bytes, records.Outcome switch
            {
                DnsOutcome.Found => TimeSpan.FromSeconds(answer.Seconds),
                DnsOutcome.Temporary => KeepFailure,
                _ => KeepNone,
            });
        }

        return records;
    }
}
