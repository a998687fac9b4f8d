using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>Asks a validating resolver of this host for the TLSA records of port 25, and fetches
/// the certificate that is served there.</summary>
/// <param name="dns">The resolver; null if none is on this host.</param>
/// <param name="me">The host's name.</param>
internal sealed class DaneAsker(ISignedDns? dns, string me)
{
    private const int SmtpPort = 25;

    /// <summary>Asks for the facts.</summary>
    /// <param name="addresses">The host's public addresses; the first that answers is used.</param>
    /// <param name="stop">Cancels the questions.</param>
    internal async Task<DaneFacts> AskAsync(
        IReadOnlyList<IPAddress> addresses, CancellationToken stop)
    {
        DaneFacts facts = new(me);
        if (dns is null)
        {
            return facts with { Trouble = "no resolver of this host is in use: control/resolvers" };
        }

        if (!await dns.IsValidatingAsync(stop))
        {
            return facts with { Trouble = "the resolver does not check DNSSEC" };
        }

        facts = facts with
        {
            Records = await dns.FindTlsaAsync($"_{SmtpPort}._tcp.{me}", stop),
            Found = await DaneFinder.FindAsync(dns, me, SmtpPort, stop),
        };
        if (facts.Found.State is not (DaneState.Usable or DaneState.Unusable))
        {
            return facts;
        }

        foreach (IPAddress address in addresses)
        {
            PortFacts port = await new PortAsker(me).SmtpAsync(
                new IPEndPoint(address, SmtpPort), isOurs: true, stop);
            if (port.Certificates.Count > 0)
            {
                return facts with { Served = port.Certificates };
            }
        }

        return facts;
    }
}
