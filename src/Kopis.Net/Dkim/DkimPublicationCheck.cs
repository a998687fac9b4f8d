using Kopis.Mail.Authentication.Dkim;
using Kopis.Net.Dns;

namespace Kopis.Net.Dkim;

/// <summary>Asks DNS for the public half of a key, as a verifier does.</summary>
/// <param name="dns">Asked.</param>
public sealed class DkimPublicationCheck(IMailDns dns)
{
    /// <summary>Asks.</summary>
    public async Task<DkimPublication> RunAsync(DkimKeyFile key, CancellationToken stop)
    {
        DnsAnswer<string> answer = await dns.FindTextsAsync(key.RecordName, stop);
        return answer.Status switch
        {
            DnsStatus.NoSuchName => DkimPublication.Missing,
            DnsStatus.Found when answer.Records.Count == 0 => DkimPublication.Missing,
            DnsStatus.Found => answer.Records.Count == 1 && IsSame(key, answer.Records[0])
                ? DkimPublication.Published : DkimPublication.Different,
            _ => DkimPublication.Unknown,
        };
    }

    /// <summary>Whether a record has this key, and allows what is made with it.</summary>
    private static bool IsSame(DkimKeyFile key, string text) =>
        DkimKeyRecord.Parse(text) is { AllowsSha256: true, IsForMail: true } found
        && DkimKeyRecord.Parse(key.Record) is { } own
        && found.IsEd25519 == own.IsEd25519
        && found.Key.AsSpan().SequenceEqual(own.Key);
}
