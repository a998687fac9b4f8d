using Kopis.Base;
using Kopis.Mail.Authentication;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;

namespace Kopis.Net.Sts;

/// <summary>The policies of domains (RFC 8461 §3.3, §5.1). They come from the disk while they are
/// valid, and from the web if the record has another id, or shortly before they expire. A valid
/// policy is kept whatever the web server and DNS say. May be used from many threads.</summary>
/// <param name="dns">Finds the records.</param>
/// <param name="web">Fetches the policies.</param>
/// <param name="store">Stores the policies.</param>
/// <param name="memory">Remembers for a short while which domains have no policy; it outlives this
/// object.</param>
/// <param name="policies">Remembers policies for a short while. It holds fewer, since strangers
/// write them, and one may have 64 KiB.</param>
/// <param name="log">Gets a line for each policy that changes, or cannot be fetched.</param>
/// <param name="time">The clock.</param>
public sealed class StsPolicies(
    IMailDns dns, IStsWeb web, StsStore store, AnswerCache memory, AnswerCache policies,
    Action<string> log, TimeProvider time)
{
    /// <summary>How long a domain's record, or a policy that could not be fetched, is not asked for
    /// again (RFC 8461 §3.3).</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    /// <summary>A policy is fetched again when it is valid for less than this (RFC 8461 §3.3,
    /// §10.2); a short-lived policy in the last half of its life.</summary>
    public static readonly TimeSpan RefreshBefore = TimeSpan.FromDays(1);

    /// <summary>While this many domains are being asked, nobody asks ahead.</summary>
    public const int AheadMost = 64;

    private static readonly TimeSpan DnsTime = TimeSpan.FromSeconds(5);

    private readonly LogThrottle _faults = new(log, time);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<StsAnswer>> _running =
        new(StringComparer.Ordinal);

    /// <summary>Whether so many domains are being asked that nobody should ask ahead. A message
    /// that is being sent waits for its own domain; a question ahead of time must not add to the
    /// load.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_lock)
            {
                return _running.Count >= AheadMost;
            }
        }
    }

    /// <summary>Finds out what a domain requires.</summary>
    /// <param name="host">The recipients' domain.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task<StsAnswer> FindAsync(string host, CancellationToken stop)
    {
        if (DomainText.Normalize(host) is not { } domain
            || !domain.Contains('.', StringComparison.Ordinal))
        {
            return StsAnswer.None;
        }

        if ((policies.Find(domain) ?? memory.Find(domain)) is StsAnswer known)
        {
            return known;
        }

        Task<StsAnswer> asked;
        lock (_lock)
        {
            if (!_running.TryGetValue(domain, out asked!))
            {
                _running[domain] = asked = Task.Run(() => AskAsync(domain));
            }
        }

        return await asked.WaitAsync(stop);
    }

    private async Task<StsAnswer> AskAsync(string domain)
    {
        try
        {
            StsAnswer answer = await LookUpAsync(domain);
            TimeSpan keep = answer.Policy is null ? Pause : Min(Pause, answer.Policy.MaxAge);
            (answer.Policy is null ? memory : policies).Add(
                domain, answer, answer.Policy?.MemoryBytes ?? 0, keep);
            return answer;
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(domain);
            }
        }
    }

    private async Task<StsAnswer> LookUpAsync(string domain)
    {
        DateTimeOffset now = time.GetUtcNow();
        StsKept? kept = store.Read(domain);
        bool holds = kept is not null && now < kept.Expires && kept.Fetched <= now;
        StsPolicy? inForce = holds ? kept!.Policy : null;
        if (StsRecord.IdOf(await TextsAsync(domain)) is not { } id)
        {
            return new StsAnswer(inForce, TlsResultType.Success); // It says no longer how long.
        }

        if (holds && kept!.Id == id && !IsLate(kept, now))
        {
            return new StsAnswer(inForce, TlsResultType.Success);
        }

        StsFetched fetched = await web.FetchAsync(domain, CancellationToken.None);
        string reason = fetched.Reason;
        TlsResultType fault = fetched.Fault;
        if (fetched.Body is { } body)
        {
            if (StsPolicy.Parse(body, out reason) is { } policy)
            {
                StsKept fresh = new(id, now, body, policy);
                store.Write(domain, fresh);
                Note(domain, kept, fresh);
                return new StsAnswer(policy, TlsResultType.Success);
            }

            fault = TlsResultType.StsInvalid;
        }

        _faults.Write("mta-sts policies that cannot be had", $"mta-sts: {domain}: {reason}: "
            + (holds ? "the policy of before holds" : "no policy"));
        return new StsAnswer(inForce, fault);
    }

    /// <summary>The texts of a domain's record; none if DNS is slow. An attacker who can delay the
    /// record for a moment could do so for ever, and a valid policy does not need the record.
    /// </summary>
    private async Task<IReadOnlyList<string>> TextsAsync(string domain)
    {
        using CancellationTokenSource soon = new(DnsTime);
        try
        {
            return (await dns.FindTextsAsync($"_mta-sts.{domain}", soon.Token)).Records;
        }
        catch (OperationCanceledException)
        {
            return [];
        }
    }

    private static bool IsLate(StsKept kept, DateTimeOffset now) =>
        kept.Expires - now < Min(RefreshBefore, kept.Policy.MaxAge / 2);

    private void Note(string domain, StsKept? before, StsKept fresh)
    {
        if (before?.Policy.Mode != fresh.Policy.Mode)
        {
            _faults.Write("mta-sts policies",
                $"mta-sts: {domain}: mode {fresh.Policy.Mode}".ToLowerInvariant());
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
