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

    // A question late by this is a reason to probe; a probe has as long, and ends before it.
    private readonly TimeSpan _late = options.Timeout * 0.4;

    /// <summary>Asks, where no answer is kept.</summary>
    /// <returns>An answer; a refusal where nobody gave one.</returns>
    internal async Task<IDnsQueryResponse> QueryAsync(
        DnsQuestion question, CancellationToken stop)
    {
        string key = $"{way}{(int)question.QuestionType} "
            + question.QueryName.Value.ToLowerInvariant();
        if (cache?.Find(key) is IDnsQueryResponse known)
        {
            return known;
        }

        IDnsQueryResponse answer = await AskInOrderAsync(question, stop);
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
        DnsQuestion question, CancellationToken stop)
    {
        if (order.NextProbe() is { } probed)
        {
            _ = ProbeAsync(probed); // It fails in no way.
        }

        IDnsQueryResponse? refusal = null;
        Exception? trouble = null;
        foreach (NameServer server in order.All)
        {
            if (refusal is not null && order.IsSilent(server))
            {
                break; // Nobody waits for it, since another has spoken; nor for those after it.
            }

            (IDnsQueryResponse? said, Exception? failure) =
                await AskAsync(server, question, stop);
            if (said is not null && IsAnswer(said))
            {
                return said;
            }

            refusal ??= said;
            trouble ??= failure;
        }

        return refusal ?? throw trouble!;
    }

    /// <summary>Who chooses the names that are asked for may make any one of them late: the server
    /// is silent where it does not answer what it knows either.</summary>
    private async Task ProbeIfLateAsync(NameServer server, Task asking)
    {
        await asking.WaitAsync(_late).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            order.EndProbe(server, end.IsCancellationRequested || IsSilence(e));
        }
    }

    /// <summary>Asks one; what it says, or what was thrown: its bytes make the library throw
    /// exceptions of many kinds.</summary>
    private async Task<(IDnsQueryResponse? Said, Exception? Trouble)> AskAsync(
        NameServer server, DnsQuestion question, CancellationToken stop)
    {
        try
        {
            Task<IDnsQueryResponse> asking =
                _client.QueryServerAsync([server], question, stop);
            _ = ProbeIfLateAsync(server, asking);
            IDnsQueryResponse said = await asking;
            order.NoteAnswer(server);
            return (said, null);
        }
        catch (Exception e)
        {
            stop.ThrowIfCancellationRequested();
            if (!IsSilence(e))
            {
                order.NoteAnswer(server);
            }

            return (null, e);
        }
    }

    /// <summary>Nothing has come in the time that it has.</summary>
    internal static bool IsSilence(Exception e) =>
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
