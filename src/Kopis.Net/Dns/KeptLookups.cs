using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;

namespace Kopis.Net.Dns;

/// <summary>
/// The library's lookups, with answers kept within a number of bytes: what the library keeps of
/// its own has no bound, and strangers choose what is asked and answered. Resolvers are asked one
/// after another until one answers: the library's own order is a random one, and what the last
/// says counts there. May be used from many threads.
/// </summary>
/// <param name="options">How to ask; the library is to keep nothing.</param>
/// <param name="order">Whom.</param>
/// <param name="cache">Keeps them; null: nothing is kept.</param>
/// <param name="way">Tells answers to this way of asking from others in the cache.</param>
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

    /// <summary>What any resolver has at hand, whoever is silent elsewhere.</summary>
    private static readonly DnsQuestion ProbeQuestion = new(".", QueryType.NS);

    private readonly LookupClient _client = new(options);

    private readonly TimeSpan _most = options.Timeout * (options.Retries + 1); // Of one resolver.

    // A question late by this is a reason to probe; a probe has as long, and ends before it.
    private readonly TimeSpan _late = options.Timeout * 0.4;

    /// <summary>Asks, where no answer is kept.</summary>
    /// <param name="question">The question.</param>
    /// <param name="time">How long it may take.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>An answer; a refusal where nobody gave one.</returns>
    /// <exception cref="TimeoutException">Nobody has said anything.</exception>
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

    /// <summary>It says whether the name has such records; else another may know.</summary>
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
            _ = ProbeAsync(probed); // It fails in no way.
        }

        IDnsQueryResponse? refusal = null;
        Exception? trouble = null;
        IReadOnlyList<NameServer> servers = order.All;
        for (int i = 0; i < servers.Count; i++)
        {
            bool isSilent = order.IsSilent(servers[i]);
            if (isSilent && time.IsRefused)
            {
                continue; // Nobody waits for it, since another has spoken.
            }

            // Each has as much as the next; silent ones have what others leave.
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

    /// <summary>Who chooses the names that are asked for may make any one of them late: the server
    /// is silent where it does not answer what it knows either.</summary>
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

    /// <summary>Asks one; what it says, or what was thrown: its bytes make the library throw
    /// exceptions of many kinds. A <see cref="TimeoutException"/> where it says nothing in the time
    /// that it has.</summary>
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

    /// <summary>It is silent, or nobody is there.</summary>
    private static bool IsNothing(Exception e) =>
        e is TimeoutException || (e as SocketException ?? e.InnerException) is SocketException;

    private static bool IsTimeout(Exception e) =>
        e is DnsResponseException { Code: DnsResponseCode.ConnectionTimeout };

    /// <summary>It names others to ask: no word about whether the name has such records.
    /// </summary>
    private static bool IsReferral(IDnsQueryResponse answer) =>
        answer.Answers.Count == 0 && !answer.Header.RecursionAvailable
        && answer.Authorities.OfType<NsRecord>().Any()
        && !answer.Authorities.OfType<SoaRecord>().Any();

    private TimeSpan KeepOf(IDnsQueryResponse answer) =>
        answer.HasError || answer.Answers.Count == 0 ? keepFailure
            : TimeSpan.FromSeconds(RecordsOf(answer).Min(one => one.InitialTimeToLive));

    /// <summary>What looks like a time to live in OPT is none.</summary>
    private static IEnumerable<DnsResourceRecord> RecordsOf(IDnsQueryResponse answer) =>
        answer.AllRecords.Where(one => one.RecordType != ResourceRecordType.OPT);

    // Of names that compression makes short in the message, too.
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
