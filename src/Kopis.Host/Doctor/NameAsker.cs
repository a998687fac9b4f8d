using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>Asks DNS about the host's own names and addresses.</summary>
/// <param name="dns">Asked.</param>
internal sealed class NameAsker(IMailDns dns)
{
    private const int NamesMax = 5;

    /// <summary>Asks everything at once.</summary>
    internal async Task<NameFacts> AskAsync(
        string me, string helo, IReadOnlyList<IPAddress> addresses, CancellationToken stop)
    {
        Task<DnsAnswer<IPAddress>> ofMe = dns.FindAddressesAsync(me, stop);
        Task<DnsAnswer<IPAddress>> ofHelo = dns.FindAddressesAsync(helo, stop);
        NameFacts.ReverseName[] reverse =
            await Task.WhenAll(addresses.Select(ip => ReverseAsync(ip, stop)));
        return new NameFacts(me, helo)
        {
            MeAddresses = await ofMe,
            HeloAddresses = await ofHelo,
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
