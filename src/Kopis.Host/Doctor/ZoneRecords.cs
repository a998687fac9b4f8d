using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Host.Dkim;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>The records to publish for a domain, as lines of a zone file (RFC 1035 §5.1).
/// </summary>
internal static class ZoneRecords
{
    /// <summary>A TXT record in one line, whatever its length.</summary>
    internal static string Text(string name, string text) =>
        ZoneText.Record(name, text).TrimEnd('\n').Replace("\n   ", "", StringComparison.Ordinal);

    /// <summary>A DMARC record for the beginning.</summary>
    internal static string Dmarc(string domain) => Text(
        $"_dmarc.{domain}", $"v=DMARC1; p=none; rua=mailto:postmaster@{domain}");

    /// <summary>All records, with comments on what else has to be done.</summary>
    /// <param name="domain">The domain, an A-label.</param>
    /// <param name="me">The host's name.</param>
    /// <param name="addresses">The host's public addresses; if there are none, a comment says so.
    /// </param>
    /// <param name="keys">The signing keys.</param>
    /// <param name="tlsa">The SHA-256 of the certificate's public key; empty if there is none.
    /// </param>
    internal static string All(
        string domain, string me, IReadOnlyList<IPAddress> addresses,
        IReadOnlyList<SigningRecord> keys, string tlsa)
    {
        StringBuilder zone = new();
        zone.Append($"; where mail for {domain} goes\n{domain}. IN MX 10 {me}.\n");
        zone.Append(addresses.Count == 0
            ? $"; this host has no public address: publish the one that leads to {me}\n" : "");
        foreach (IPAddress ip in addresses)
        {
            string type = ip.AddressFamily == AddressFamily.InterNetwork ? "A" : "AAAA";
            zone.Append($"{me}. IN {type} {ip}\n")
                .Append("; of the owner of the network, in its zone:\n")
                .Append($"{PublicAddresses.ReverseName(ip)}. IN PTR {me}.\n");
        }

        string all = string.Concat(addresses.Select(ip =>
            ip.AddressFamily == AddressFamily.InterNetwork ? $" ip4:{ip}" : $" ip6:{ip}"));
        zone.Append("; who may send for it (SPF)\n")
            .Append(Text(domain, $"v=spf1 mx{all} -all")).Append('\n')
            .Append("; the keys of its signatures (DKIM)\n");
        zone.Append(keys.Count == 0 ? $"; none yet: kopis dkim new {domain}\n" : "");
        foreach (SigningRecord key in keys)
        {
            zone.Append(Text(key.Name, key.Record)).Append('\n');
        }

        zone.Append("; what becomes of forged mail (DMARC)\n").Append(Dmarc(domain)).Append('\n')
            .Append("; reports of TLS (RFC 8460)\n")
            .Append(Text($"_smtp._tls.{domain}", $"v=TLSRPTv1; rua=mailto:postmaster@{domain}"))
            .Append("\n; TLS is required (MTA-STS), with the policy below at\n")
            .Append($"; https://mta-sts.{domain}/.well-known/mta-sts.txt\n")
            .Append(Text($"_mta-sts.{domain}", "v=STSv1; id=1")).Append('\n')
            .Append("; version: STSv1\n; mode: testing\n")
            .Append($"; mx: {me}\n; max_age: 604800\n")
            .Append("; the key of the certificate (DANE), where the zone is signed\n");
        zone.Append(tlsa.Length == 0
            ? "; there is no certificate that can be read\n"
            : $"_25._tcp.{me}. IN TLSA 3 1 1 {tlsa}\n");
        zone.Append("; where users' clients find the servers (RFC 6186, RFC 8314)\n");
        zone.Append($"_submissions._tcp.{domain}. IN SRV 0 1 465 {me}.\n")
            .Append($"_submission._tcp.{domain}. IN SRV 5 1 587 {me}.\n")
            .Append($"_pop3s._tcp.{domain}. IN SRV 0 1 995 {me}.\n");
        return zone.ToString();
    }
}
