using Kopis.Mail.Transport;

namespace Kopis.Net.Dns;

/// <summary>Finds the TLSA records of a host (RFC 7672 §2.2).</summary>
public static class DaneFinder
{
    /// <summary>Finds them.</summary>
    /// <param name="dns">Answers DNS questions.</param>
    /// <param name="host">The host's name, from a secure answer or from the operator.</param>
    /// <param name="port">The port of its server.</param>
    /// <param name="stop">Ends the search.</param>
    public static async Task<DaneAnswer> FindAsync(
        ISignedDns dns, string host, int port, CancellationToken stop)
    {
        if (await BasesAsync(dns, host, stop) is not { } bases)
        {
            return DaneAnswer.Unknown;
        }

        foreach (string name in bases)
        {
            DnsAnswer<TlsaRecord> answer =
                await dns.FindTlsaAsync($"_{port}._tcp.{name}", stop);
            if (answer.Status == DnsStatus.TryAgain)
            {
                return DaneAnswer.Unknown; // An attacker may have removed bogus ones.
            }

            if (answer is { IsSecure: true, Records.Count: > 0 })
            {
                return new DaneAnswer(
                    TlsaRecord.Usable(answer.Records).Count > 0
                        ? DaneState.Usable : DaneState.Unusable,
                    name, answer.Records);
            }
        }

        return DaneAnswer.Absent;
    }

    /// <summary>The names at which TLSA records may be; the first that has some counts. Null if DNS
    /// does not answer. In a zone without signatures TLSA records are not asked for (RFC 7672
    /// §2.2.2), since some servers cannot answer such questions.</summary>
    private static async Task<string[]?> BasesAsync(
        ISignedDns dns, string host, CancellationToken stop)
    {
        DnsAnswer<string> found = await dns.FindCanonicalAsync(host, stop);
        if (found.Status == DnsStatus.TryAgain)
        {
            return null;
        }

        if (found.Records is not [string canonical])
        {
            return [];
        }

        bool isAlias = !canonical.Equals(host, StringComparison.OrdinalIgnoreCase);
        if (found.IsSecure)
        {
            return isAlias ? [canonical, host] : [host];
        }

        if (!isAlias)
        {
            return [];
        }

        // The alias itself may be signed, but not its target. Then only the alias counts.
        DnsAnswer<string> alias = await dns.FindAliasAsync(host, stop);
        return alias.Status == DnsStatus.TryAgain ? null
            : alias is { IsSecure: true, Records.Count: > 0 } ? [host]
            : [];
    }
}
