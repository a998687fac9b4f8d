using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Server.ClientPolicy;

/// <summary>One list, with its state. Abandoned lists stop answering, or list every address (RFC
/// 5782 §5). Such a list is not asked for a while, and its answers do not count.</summary>
/// <param name="rule">The line of the list.</param>
/// <param name="dns">Answers DNS questions.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Logs when the list is no longer asked.</param>
internal sealed class DnsList(
    DnsListRule rule, IMailDns dns, TimeProvider time, Action<string> log)
{
    internal const int SilencesMax = 3; // In a row.
    internal static readonly TimeSpan RestAfterSilence = TimeSpan.FromSeconds(30);
    internal static readonly TimeSpan RestAfterLie = TimeSpan.FromMinutes(10);
    internal static readonly TimeSpan BelieveFor = TimeSpan.FromHours(1);

    private const uint LoopbackNetwork = 127; // All answers of a list are in 127.0.0.0/8.
    private const uint TroubleCodes = 0x7FFFFF; // 127.255.255.0/24: refused, over quota, mistyped.

    private readonly Lock _lock = new();
    private long _restsUntil = long.MinValue;
    private long _believedUntil = long.MinValue;
    private int _silences;

    internal DnsListRule Rule { get; } = rule;

    /// <summary>Asks about a client. Does not throw; a timeout counts as no answer.</summary>
    internal async Task<ListAnswer> AskAsync(IPAddress client, CancellationToken inTime)
    {
        long now = time.GetTimestamp();
        lock (_lock)
        {
            if (now < _restsUntil)
            {
                return ListAnswer.Silent;
            }
        }

        ListAnswer word = Judge(await FindAsync(client, inTime));
        if (word == ListAnswer.Yes && !await IsBelievedAsync(inTime))
        {
            word = ListAnswer.Silent;
        }

        Note(word);
        return word;
    }

    private ListAnswer Judge(DnsAnswer<IPAddress> answer) =>
        answer.Status == DnsStatus.TryAgain ? ListAnswer.Silent
        : answer.Records.Any(code => !IsAnswer(DnsListRule.Number(code))) ? ListAnswer.Silent
        : answer.Records.Any(Rule.Counts) ? ListAnswer.Yes
        : ListAnswer.No;

    private static bool IsAnswer(uint code) =>
        code >> 24 == LoopbackNetwork && code >> 8 != TroubleCodes;

    // No list has 127.0.0.1 (RFC 5782 §5), unless its zone has become a wildcard.
    private async Task<bool> IsBelievedAsync(CancellationToken inTime)
    {
        lock (_lock)
        {
            if (time.GetTimestamp() < _believedUntil)
            {
                return true;
            }
        }

        DnsAnswer<IPAddress> answer = await FindAsync(IPAddress.Loopback, inTime);
        if (answer.Status == DnsStatus.TryAgain)
        {
            return false;
        }

        bool lies = answer.Records.Count > 0;
        lock (_lock)
        {
            _believedUntil = lies ? long.MinValue : After(BelieveFor);
            _restsUntil = lies ? After(RestAfterLie) : _restsUntil;
        }

        if (lies)
        {
            log($"warning: {Rule.Zone} lists everyone, even 127.0.0.1: not asked for "
                + $"{RestAfterLie.TotalSeconds:0} seconds");
        }

        return !lies;
    }

    private void Note(ListAnswer word)
    {
        lock (_lock)
        {
            _silences = word == ListAnswer.Silent ? _silences + 1 : 0;
            if (_silences < SilencesMax)
            {
                return;
            }

            _silences = 0;
            _restsUntil = Math.Max(_restsUntil, After(RestAfterSilence));
        }

        log($"warning: {Rule.Zone} does not answer: not asked for "
            + $"{RestAfterSilence.TotalSeconds:0} seconds");
    }

    private async Task<DnsAnswer<IPAddress>> FindAsync(IPAddress client, CancellationToken inTime)
    {
        try
        {
            // The wait ends in time even if the resolver's code ignores the token.
            return await dns.FindIPv4Async(DnsListQuery.NameFor(client, Rule.Zone), inTime)
                .WaitAsync(inTime);
        }
        catch (Exception) when (inTime.IsCancellationRequested) // Any exception: see MailDns.
        {
            return new DnsAnswer<IPAddress>(DnsStatus.TryAgain, []);
        }
    }

    private long After(TimeSpan span) =>
        time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);
}
