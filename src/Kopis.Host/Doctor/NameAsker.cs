using System.Net;
using Kopis.Mail.Authentication.Spf;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>Asks DNS about the host's own names and addresses.</summary>
/// <param name="dns">Asked.</param>
/// <param name="spf">Asked of the name in HELO.</param>
internal sealed class NameAsker(IMailDns dns, SpfAsker spf)
{
    private const int NamesMax = 5;

    /// <summary>Asks everything at once.</summary>
    internal async Task<NameFacts> AskAsync(
        string me, string helo, IReadOnlyList<IPAddress> addresses, CancellationToken stop)
    {
        Task<DnsAnswer<IPAddress>> ofMe = dns.FindAddressesAsync(me, stop);
        Task<DnsAnswer<IPAddress>> ofHelo = dns.FindAddressesAsync(helo, stop);
        Task<DnsAnswer<string>> texts = dns.FindTextsAsync(helo, stop);
        Task<SpfCheck[]> own = Task.WhenAll(addresses.Select(ip => spf.AskAsync(helo, ip, stop)));
        NameFacts.ReverseName[] reverse =
            await Task.WhenAll(addresses.Select(ip => ReverseAsync(ip, stop)));
        return new NameFacts(me, helo)
        {
            MeAddresses = await ofMe,
            HeloAddresses = await ofHelo,
            HeloTexts = await texts,
            HeloSpf = await own,
            Reverse = reverse,
        };
    }

    private async Task<NameFacts.ReverseName> ReverseAsync(IPAddress ip, CancellationToken stop)
    {
        DnsAnswer<string> names = await dns.FindNamesAsync(ip, stop);
        string[] some = [.. names.Records.Take(NamesMax)];
        DnsAnswer<IPAddress>[] back =
            await Task.WhenAll(some.Select(name => dns.FindAddressesAsync(name, stop)));
        return new NameFacts.ReverseName(
            ip, names,
            [.. some.Zip(back).Where(one => one.Second.Records.Contains(ip))
                .Select(one => one.First)],
            back.Any(one => one.Status == DnsStatus.TryAgain));
    }
}
