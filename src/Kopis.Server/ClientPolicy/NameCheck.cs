using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Server.ClientPolicy;

/// <summary>Checks reverse DNS with forward confirmation, within a time limit.</summary>
/// <param name="dns">Answers DNS questions.</param>
/// <param name="timeout">How long to wait; after that the result is unknown.</param>
/// <param name="time">The clock.</param>
internal sealed class NameCheck(IMailDns dns, TimeSpan timeout, TimeProvider time)
{
    private const int NamesMax = 5; // An address may claim any number.

    /// <summary>Checks a client. Does not throw.</summary>
    internal async Task<NameProof> AskAsync(IPAddress client)
    {
        using CancellationTokenSource limit = new(timeout, time);
        try
        {
            DnsAnswer<string> names =
                await dns.FindNamesAsync(client, limit.Token).WaitAsync(limit.Token);
            if (names.Status == DnsStatus.TryAgain)
            {
                return NameProof.Unknown;
            }

            DnsAnswer<IPAddress>[] back = await Task.WhenAll(names.Records.Take(NamesMax)
                .Select(name => dns.FindAddressesAsync(name, limit.Token)))
                .WaitAsync(limit.Token);
            return back.Any(answer => answer.Records.Contains(client)) ? NameProof.Proven
                : back.Any(answer => answer.Status == DnsStatus.TryAgain) ? NameProof.Unknown
                : NameProof.Unproven;
        }
        catch (Exception) when (limit.IsCancellationRequested) // Any exception: see MailDns.
        {
            return NameProof.Unknown;
        }
    }
}
