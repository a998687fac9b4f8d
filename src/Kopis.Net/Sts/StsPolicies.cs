using Kopis.Base;
using Kopis.Mail.Authentication;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;

namespace Kopis.Net.Sts;

/// <summary>
/// The policies of domains (RFC 8461 §3.3, §5.1): from disk while they hold, from the web where
/// the record has another id, and before they end. One that holds is kept whatever the web server
/// and DNS say. May be used from many threads.
/// </summary>
/// <param name="dns">Has the records.</param>
/// <param name="web">Has the policies.</param>
/// <param name="store">Keeps them.</param>
/// <param name="memory">Keeps for a moment who has no policy; shared by all who come after one
/// another.</param>
/// <param name="policies">Keeps policies for a moment: fewer, since they are a stranger's, and may
/// have 64 KiB.</param>
/// <param name="log">Gets a line for each policy that changes, or cannot be had.</param>
/// <param name="time">The clock.</param>
public sealed class StsPolicies(
    IMailDns dns, IStsWeb web, StsStore store, AnswerCache memory, AnswerCache policies,
    Action<string> log, TimeProvider time)
{
    /// <summary>How long a domain's record is not asked for again, nor a policy that could not
    /// be had (RFC 8461 §3.3).</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    /// <summary>A policy is fetched again when it holds no longer than that (RFC 8461 §3.3, §10.2);
    /// a shorter one in its last half.</summary>
    public static readonly TimeSpan RefreshBefore = TimeSpan.FromDays(1);

    /// <summary>Domains asked at once before nobody asks ahead.</summary>
    public const int AheadMost = 64;

    private static readonly TimeSpan DnsTime = TimeSpan.FromSeconds(5);

    private readonly LogThrottle _faults = new(log, time);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<StsAnswer>> _running =
        new(StringComparer.Ordinal);

    /// <summary>Whether so many domains are asked that nobody should ask ahead: whoever sends
    /// waits for his own, one who only will does not add to them.</summary>
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

    /// <summary>Finds out what a domain asks.</summary>
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

    /// <summary>None where DNS is slow: who keeps the record back for a moment could do so for
    /// good, and a policy that holds does not need it.</summary>
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
