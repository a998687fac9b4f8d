using DnsClient;
using DnsClient.Protocol;

namespace Kopis.Net.Dns;

/// <summary>
/// The library's lookups, with answers kept within a number of bytes: what the library keeps of
/// its own has no bound, and strangers choose what is asked and answered. May be used from many
/// threads.
/// </summary>
/// <param name="options">Whom to ask, and how; the library is to keep nothing.</param>
/// <param name="cache">Keeps them; null: nothing is kept.</param>
/// <param name="way">Tells answers to this way of asking from others in the cache.</param>
/// <param name="keepFailure">How long an answer without records, or an error, is kept.</param>
internal sealed class KeptLookups(
    LookupClientOptions options, AnswerCache? cache, char way, TimeSpan keepFailure)
{
    private const int AnswerBytes = 512; // Its objects, without records.
    private const int RecordBytes = 256;
    private const int StringBytes = 128; // Of a text, which the library has twice.
    private const int OctetBytes = 12; // Twice in UTF-16, once of these with escapes.
    private const int NameOctetsMost = 255;

    private readonly LookupClient _client = new(options);

    /// <summary>Asks, where no answer is kept.</summary>
    internal async Task<IDnsQueryResponse> QueryAsync(
        DnsQuestion question, CancellationToken stop)
    {
        string key = $"{way}{(int)question.QuestionType} "
            + question.QueryName.Value.ToLowerInvariant();
        if (cache?.Find(key) is IDnsQueryResponse known)
        {
            return known;
        }

        IDnsQueryResponse answer = await _client.QueryAsync(question, stop);
        cache?.Add(key, answer, BytesOf(answer), KeepOf(answer));
        return answer;
    }

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
