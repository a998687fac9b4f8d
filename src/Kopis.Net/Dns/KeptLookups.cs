using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;

namespace Kopis.Net.Dns;

/// <summary>
/// The DNS library's lookups, with a cache that is bounded in bytes: the library's own cache has no
/// bound, and strangers choose the questions and answers. Resolvers are asked one after another
/// until one answers. The library itself would ask them in random order, and use the reply of the
/// last. May be used from many threads.
/// </summary>
/// <param name="options">How to ask; the library's own cache must be off.</param>
/// <param name="order">The order of resolvers.</param>
/// <param name="cache">The cache; null: none.</param>
/// <param name="way">Distinguishes answers to this way of asking in the cache.</param>
/// <param name="keepFailure">How long an answer without records, or an error, is kept.</param>
internal sealed class KeptLookups(
    LookupClientOptions options, ResolverOrder order, AnswerCache? cache, char way,
    TimeSpan keepFailure)
{
    private const int AnswerBytes = 512; // Its objects, without records.
    private const int RecordBytes = 256;
    private const int StringBytes = 128; // Of a text, which the library has twice.
    private const int OctetBytes = 12; // Twice in UTF-16, once of these with escapes.
    private const int NameOctetsMost = 255;

    /// <summary>A question that any resolver can answer from its cache, even if other servers are
    /// silent.</summary>
    private static readonly DnsQuestion ProbeQuestion = new(".", QueryType.NS);

    private readonly LookupClient _client = new(options);

    private readonly TimeSpan _most = options.Timeout * (options.Retries + 1); // Of one resolver.

    // A resolver is probed if an answer takes longer than this. The probe has the same time, so
    // that it ends before the question does.
    private readonly TimeSpan _late = options.Timeout * 0.4;

    /// <summary>Answers from the cache, or asks.</summary>
    /// <param name="question">The question.</param>
    /// <param name="time">How long it may take.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>An answer; if no resolver gave one, a refusal.</returns>
    /// <exception cref="TimeoutException">No resolver replied.</exception>
    internal async Task<IDnsQueryResponse> QueryAsync(
        DnsQuestion question, QuestionTime time, CancellationToken stop)
    {
        string key = $"{way}{(int)question.QuestionType} "
            + question.QueryName.Value.ToLowerInvariant();
        if (cache?.Find(key) is IDnsQueryResponse known)
        {
            return known;
        }

        IDnsQueryResponse answer = await AskInOrderAsync(question, time, stop);
        cache?.Add(key, answer, BytesOf(answer), KeepOf(answer));
        return answer;
    }

    /// <summary>Whether a reply says if the name has such records; if not, another resolver may
    /// know.</summary>
    internal static bool IsAnswer(IDnsQueryResponse answer) => answer.Header.ResponseCode switch
    {
        DnsHeaderResponseCode.NoError => !IsReferral(answer),
        DnsHeaderResponseCode.NotExistentDomain => true,
        _ => false,
    };

    private async Task<IDnsQueryResponse> AskInOrderAsync(
        DnsQuestion question, QuestionTime time, CancellationToken stop)
    {
        if (order.NextProbe() is { } probed)
        {
            _ = ProbeAsync(probed); // It never throws.
        }

        IDnsQueryResponse? refusal = null;
        Exception? trouble = null;
        IReadOnlyList<NameServer> servers = order.All;
        for (int i = 0; i < servers.Count; i++)
        {
            bool isSilent = order.IsSilent(servers[i]);
            if (isSilent && time.IsRefused)
            {
                continue; // Not worth a wait, since another has replied.
            }

            // Resolvers share the time equally; silent ones share what the others leave.
            TimeSpan share = time.Left
                / (1 + servers.Skip(i + 1).Count(one => order.IsSilent(one) == isSilent));
            if (share <= TimeSpan.Zero)
            {
                break;
            }

            (IDnsQueryResponse? said, Exception? failure) =
                await AskAsync(servers[i], question, share < _most ? share : _most, stop);
            if (said is not null && IsAnswer(said))
            {
                return said;
            }

            time.IsRefused |= said is not null || !IsNothing(failure!);
            refusal ??= said;
            trouble ??= failure;
        }

        return refusal ?? throw (trouble ?? new TimeoutException());
    }

    /// <summary>Probes a resolver that is late. A stranger who chooses the names may make any
    /// answer late, so a resolver counts as silent only if it does not answer the probe either.
    /// </summary>
    private async Task ProbeIfLateAsync(NameServer server, Task asking, TimeSpan time)
    {
        TimeSpan late = time / 2 < _late ? time / 2 : _late;
        await asking.WaitAsync(late).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!asking.IsCompleted && order.BeginProbe(server))
        {
            await ProbeAsync(server);
        }
    }

    private async Task ProbeAsync(NameServer server)
    {
        using CancellationTokenSource end = new(_late);
        try
        {
            await _client.QueryServerAsync([server], ProbeQuestion, end.Token);
            order.EndProbe(server, isSilent: false);
        }
        catch (Exception e)
        {
            order.EndProbe(server, end.IsCancellationRequested || IsTimeout(e));
        }
    }

    /// <summary>Asks one resolver. Returns its reply, or the exception: the library throws many
    /// kinds on malformed replies. It is a <see cref="TimeoutException"/> if there is no reply in
    /// time.</summary>
    private async Task<(IDnsQueryResponse? Said, Exception? Trouble)> AskAsync(
        NameServer server, DnsQuestion question, TimeSpan time, CancellationToken stop)
    {
        using CancellationTokenSource end =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        end.CancelAfter(time);
        try
        {
            Task<IDnsQueryResponse> asking =
                _client.QueryServerAsync([server], question, end.Token);
            _ = ProbeIfLateAsync(server, asking, time);
            IDnsQueryResponse said = await asking;
            order.NoteAnswer(server);
            return (said, null);
        }
        catch (Exception e)
        {
            stop.ThrowIfCancellationRequested();
            if (end.IsCancellationRequested || IsTimeout(e))
            {
                return (null, new TimeoutException(e.Message, e));
            }

            order.NoteAnswer(server);
            return (null, e);
        }
    }

    /// <summary>Whether the resolver was silent or not there.</summary>
    private static bool IsNothing(Exception e) =>
        e is TimeoutException || (e as SocketException ?? e.InnerException) is SocketException;

    private static bool IsTimeout(Exception e) =>
        e is DnsResponseException { Code: DnsResponseCode.ConnectionTimeout };

    /// <summary>Whether a reply only names other servers to ask, and does not say if the name has
    /// such records.</summary>
    private static bool IsReferral(IDnsQueryResponse answer) =>
        answer.Answers.Count == 0 && !answer.Header.RecursionAvailable
        && answer.Authorities.OfType<NsRecord>().Any()
        && !answer.Authorities.OfType<SoaRecord>().Any();

    private TimeSpan KeepOf(IDnsQueryResponse answer) =>
        answer.HasError || answer.Answers.Count == 0 ? keepFailure
            : TimeSpan.FromSeconds(RecordsOf(answer).Min(one => one.InitialTimeToLive));

    /// <summary>The records of a reply without OPT, whose time-to-live field has another meaning.
    /// </summary>
    private static IEnumerable<DnsResourceRecord> RecordsOf(IDnsQueryResponse answer) =>
        answer.AllRecords.Where(one => one.RecordType != ResourceRecordType.OPT);

    // Counts names in full, though compression makes them short in the message.
    private static int BytesOf(IDnsQueryResponse answer) => AnswerBytes
        + answer.AllRecords.Sum(one => RecordBytes + (OctetBytes * (
            one.RawDataLength + one.DomainName.Value.Length + NameOctetsIn(one)))
            + (one is TxtRecord text ? text.Text.Count * StringBytes : 0));

    private static int NameOctetsIn(DnsResourceRecord record) => record switch
    {
        AddressRecord or TxtRecord or DnsClient.Protocol.TlsaRecord => 0,
        MxRecord mx => mx.Exchange.Value.Length,
        CNameRecord alias => alias.CanonicalName.Value.Length,
        PtrRecord pointer => pointer.PtrDomainName.Value.Length,
        RRSigRecord signature => signature.SignersName.Value.Length,
        _ => 2 * NameOctetsMost, // SOA has two.
    };
}
