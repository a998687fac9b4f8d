using DnsClient;
using DnsClient.Protocol;
using TlsaRecord = Kopis.Mail.Transport.TlsaRecord;

namespace Kopis.Net.Dns;

/// <summary>DNS through a resolver on this host that verifies signatures. Its AD bit can be trusted
/// only over loopback (RFC 7672 §2.1), and only if the resolver is known to verify signatures. To
/// find that out, it is asked about the root zone, which is signed. May be used from many threads.
/// </summary>
internal sealed class SignedDns : ISignedDns
{
    private const int RecordsMax = 100;
    private const int AliasesMax = 10;
    private const int MessageBytes = 1232; // Needs no fragments; larger answers use TCP.
    private const int PlainMessageBytes = 512; // This size means that OPT is not sent.
    private const string Probe = ".";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan QuestionSpan = 2 * Timeout;
    private static readonly TimeSpan ProbeGood = TimeSpan.FromHours(1);
    private static readonly TimeSpan ProbeBad = TimeSpan.FromMinutes(1);

    private readonly KeptLookups _client;
    private readonly KeptLookups _prober;
    private readonly KeptLookups _plainProber;
    private readonly Action<string> _log;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private Task<bool?>? _probe;
    private long _asked;
    private bool? _isValidating;
    private bool _hasSaid;

    /// <summary>Makes it; no question is asked yet.</summary>
    /// <param name="servers">Resolvers at loopback addresses.</param>
    /// <param name="log">Gets a line when the resolver stops verifying signatures, or begins again.
    /// </param>
    /// <param name="time">The clock.</param>
    internal SignedDns(IReadOnlyList<NameServer> servers, Action<string> log, TimeProvider time)
    {
        Order = new ResolverOrder(servers, time);
        _log = log;
        _time = time;
        LookupClientOptions options = new([.. servers])
        {
            Timeout = Timeout,
            Retries = servers.Count > 1 ? 0 : 1, // The next one is asked instead.
            UseCache = false,
            ThrowDnsErrors = false,
            RequestDnsSecRecords = true,
            ExtendedDnsBufferSize = MessageBytes,
        };
        _client = new KeptLookups(
            options, Order, new AnswerCache(time), way: 'd', keepFailure: TimeSpan.Zero);
        options.Retries = 0;
        _prober = new KeptLookups(options, Order, null, way: 'd', TimeSpan.Zero);
        options.RequestDnsSecRecords = false;
        options.ExtendedDnsBufferSize = PlainMessageBytes;
        _plainProber = new KeptLookups(options, Order, null, way: 'd', TimeSpan.Zero);
    }

    /// <summary>The order in which resolvers are asked.</summary>
    internal ResolverOrder Order { get; }

    /// <inheritdoc/>
    public async ValueTask<bool> IsValidatingAsync(CancellationToken stop)
    {
        bool? isValidating = await ProbedAsync(stop);
        lock (_lock)
        {
            Say(isValidating);
        }

        return isValidating == true;
    }

    /// <summary>Whether the resolver verifies signatures; null if it does not answer. What it says
    /// about a domain's hosts may then come from an attacker.</summary>
    internal async Task<bool?> ProbedAsync(CancellationToken stop)
    {
        Task<bool?> probe;
        lock (_lock)
        {
            TimeSpan keep = _isValidating == true ? ProbeGood : ProbeBad;
            if (_probe is null
                || (_probe.IsCompleted && _time.GetElapsedTime(_asked) >= keep))
            {
                _asked = _time.GetTimestamp();
                _probe = ProbeAsync();
            }

            probe = _probe;
        }

        return await probe.WaitAsync(stop);
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<string>> FindCanonicalAsync(string host, CancellationToken stop)
    {
        Task<DnsAsked> four = AskAsync(host, QueryType.A, stop);
        Task<DnsAsked> six = AskAsync(host, QueryType.AAAA, stop);
        DnsAsked[] both = [await four, await six];
        DnsAsked found = Array.Find(
            both, one => one.Answer?.Answers.OfType<AddressRecord>().Any() == true);
        if (found.Answer is null)
        {
            return new DnsAnswer<string>(
                both.Any(one => one.Status == DnsStatus.TryAgain) ? DnsStatus.TryAgain
                    : both[0].Status, []);
        }

        string canonical = found.Answer.Answers.OfType<AddressRecord>().First()
            .DomainName.Value.TrimEnd('.');
        return new DnsAnswer<string>(
            found.IsSecure && both.Any(one => one.Status == DnsStatus.TryAgain)
                ? DnsStatus.TryAgain : DnsStatus.Found, [canonical])
        {
            IsSecure = both.All(one => one.IsSecure),
        };
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<string>> FindAliasAsync(string host, CancellationToken stop)
    {
        DnsAsked asked = await AskOnceAsync(
            host, QueryType.CNAME, new QuestionTime(QuestionSpan), stop);
        return new DnsAnswer<string>(asked.Status,
        [
            .. (asked.Answer?.Answers.OfType<CNameRecord>() ?? []).Take(1)
                .Select(one => one.CanonicalName.Value.TrimEnd('.')),
        ])
        {
            IsSecure = asked.IsSecure,
        };
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<TlsaRecord>> FindTlsaAsync(string name, CancellationToken stop)
    {
        DnsAsked asked = await AskAsync(name, QueryType.TLSA, stop);
        return new DnsAnswer<TlsaRecord>(asked.Status,
        [
            .. (asked.Answer?.Answers.OfType<DnsClient.Protocol.TlsaRecord>() ?? [])
                .Take(RecordsMax).Select(one => new TlsaRecord(
                    (byte)one.CertificateUsage, (byte)one.Selector, (byte)one.MatchingType,
                    [.. one.CertificateAssociationData])),
        ])
        {
            IsSecure = asked.IsSecure,
        };
    }

    /// <summary>Asks, and follows aliases that the resolver has not followed. Secure if all answers
    /// are.</summary>
    internal async Task<DnsAsked> AskAsync(
        string name, QueryType type, CancellationToken stop)
    {
        QuestionTime time = new(QuestionSpan);
        bool isSecure = true;
        for (int aliases = 0; aliases <= AliasesMax; aliases++)
        {
            DnsAsked asked = await AskOnceAsync(name, type, time, stop);
            isSecure &= asked.IsSecure;
            string? next = asked.Answer?.Answers.Any(one => (int)one.RecordType == (int)type)
                == false
                ? asked.Answer.Answers.OfType<CNameRecord>().LastOrDefault()
                    ?.CanonicalName.Value.TrimEnd('.') : null;
            if (next is null)
            {
                return asked with { IsSecure = isSecure };
            }

            name = next;
        }

        return new DnsAsked(DnsStatus.TryAgain, null, false);
    }

    private async Task<DnsAsked> AskOnceAsync(
        string name, QueryType type, QuestionTime time, CancellationToken stop)
    {
        try
        {
            IDnsQueryResponse answer =
                await _client.QueryAsync(new DnsQuestion(name, type), time, stop);
            bool isSecure = answer.Header.IsAuthenticData;
            return answer.Header.ResponseCode switch
            {
                DnsHeaderResponseCode.NoError => new DnsAsked(DnsStatus.Found, answer, isSecure),
                DnsHeaderResponseCode.NotExistentDomain =>
                    new DnsAsked(DnsStatus.NoSuchName, null, isSecure),
                _ => new DnsAsked(DnsStatus.TryAgain, null, false), // Bogus answers as well.
            };
        }
        catch (Exception e)
        {
            // The library's parser throws many kinds of exceptions: see MailDns.
            stop.ThrowIfCancellationRequested();
            return new DnsAsked(
                e is ArgumentException ? DnsStatus.NoSuchName : DnsStatus.TryAgain, null, false);
        }
    }

    /// <summary>Probes the resolver. One that did verify signatures, and does not answer now, is
    /// not assumed to have stopped.</summary>
    private async Task<bool?> ProbeAsync()
    {
        bool? isValidating = await AskProbeAsync();
        lock (_lock)
        {
            _isValidating = isValidating ?? (_isValidating == true ? true : null);
            if (_isValidating is null)
            {
                Say(null); // Nobody gets as far as TLSA records.
            }

            return _isValidating;
        }
    }

    /// <summary>Null if the probe fails. A resolver that is silent, or does not know such
    /// questions, verifies nothing.</summary>
    private async Task<bool?> AskProbeAsync()
    {
        try
        {
            DnsQuestion question = new(Probe, QueryType.SOA);
            IDnsQueryResponse answer = await _prober.QueryAsync(
                question, new QuestionTime(QuestionSpan), CancellationToken.None);
            if (answer.Header.ResponseCode != DnsHeaderResponseCode.ServerFailure)
            {
                return answer.Header.ResponseCode == DnsHeaderResponseCode.NoError
                    && answer.Header.IsAuthenticData
                    && answer.Answers.OfType<RRSigRecord>().Any();
            }

            // A resolver without OPT may report that in this way; it answers without it.
            answer = await _plainProber.QueryAsync(
                question, new QuestionTime(Timeout), CancellationToken.None);
            return answer.Header.ResponseCode == DnsHeaderResponseCode.ServerFailure
                ? null : false;
        }
        catch (Exception)
        {
            // The library's parser throws many kinds of exceptions: see MailDns.
            return _isValidating == true ? null : false;
        }
    }

    private void Say(bool? isValidating)
    {
        if (isValidating != true && !_hasSaid)
        {
            _log(isValidating is null ? "the resolver fails to check DNSSEC: mail by MX waits"
                : "the resolver does not check DNSSEC: DANE is not used");
        }
        else if (isValidating == true && _hasSaid)
        {
            _log("the resolver checks DNSSEC: DANE is used");
        }

        _hasSaid = isValidating != true;
    }
}
