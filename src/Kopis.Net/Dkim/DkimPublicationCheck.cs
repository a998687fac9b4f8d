using Kopis.Mail.Authentication.Dkim;
using Kopis.Net.Dns;

namespace Kopis.Net.Dkim;

/// <summary>Checks the public half of a key in DNS, as a verifier does.</summary>
/// <param name="dns">Answers DNS questions.</param>
public sealed class DkimPublicationCheck(IMailDns dns)
{
    /// <summary>Runs the check.</summary>
    public async Task<DkimPublication> RunAsync(DkimKeyFile key, CancellationToken stop)
    {
        DnsAnswer<string> answer = await dns.FindTextsAsync(key.RecordName, stop);
        return answer.Status switch
        {
            DnsStatus.NoSuchName => DkimPublication.Missing,
            DnsStatus.Found when answer.Records.Count == 0 => DkimPublication.Missing,
            DnsStatus.Found => answer.Records.Count == 1
                && DkimKeyRecord.HasKeyOf(answer.Records[0], key.Record)
                ? DkimPublication.Published : DkimPublication.Different,
            _ => DkimPublication.Unknown,
        };
    }
}
