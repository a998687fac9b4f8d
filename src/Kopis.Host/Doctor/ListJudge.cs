using System.Net;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>Judges the answers of a DNS list about an address (RFC 5782). No I/O.</summary>
internal static class ListJudge
{
    /// <summary>The name to ask for.</summary>
    internal static string NameOf(IPAddress address, string zone)
    {
        const int zonesOfArpa = 2; // in-addr.arpa, ip6.arpa.
        string[] labels = PublicAddresses.ReverseName(address).Split('.');
        return $"{string.Join('.', labels[..^zonesOfArpa])}.{zone}";
    }

    /// <summary>Judges a list.</summary>
    /// <param name="zone">The list.</param>
    /// <param name="own">The answer for each public address of this host.</param>
    /// <param name="never">The answer for 127.0.0.1, which no list contains (section 5).</param>
    internal static List<DoctorResult> Judge(
        string zone, IReadOnlyList<(IPAddress Address, DnsAnswer<IPAddress> Answer)> own,
        DnsAnswer<IPAddress> never)
    {
        Verdicts said = new(zone);
        string? refusal = own.SelectMany(one => one.Answer.Records).Concat(never.Records)
            .Select(Refusal).FirstOrDefault(text => text is not null);
        if (refusal is not null)
        {
            said.Unknown("list.listed", refusal);
            return said.All;
        }

        if (never.Status == DnsStatus.TryAgain)
        {
            said.Unknown("list.works", "it does not answer");
            return said.All;
        }

        IPAddress? strange = own.SelectMany(one => one.Answer.Records)
            .FirstOrDefault(ip => !IsCode(ip));
        if (!said.Judge(
            "list.works", never.Records.Count > 0 || strange is not null,
            strange is not null ? $"it answers {strange}" : "it has 127.0.0.1"))
        {
            return said.All;
        }

        foreach ((IPAddress address, DnsAnswer<IPAddress> answer) in own)
        {
            if (answer.Status == DnsStatus.TryAgain)
            {
                said.Unknown("list.listed", $"no answer for {address}");
            }
            else
            {
                said.Judge(
                    "list.listed", answer.Records.Count > 0,
                    $"it has {address}: {string.Join(", ", answer.Records.Take(3))}");
            }
        }

        return said.All;
    }

    /// <summary>Return codes with which Spamhaus and others refuse to answer.</summary>
    private static string? Refusal(IPAddress ip) => ip.ToString() switch
    {
        "127.255.255.252" => "127.255.255.252: the name of the list is mistyped",
        "127.255.255.254" => "127.255.255.254: it does not answer public resolvers; "
            + "use a resolver of this host's own",
        "127.255.255.255" => "127.255.255.255: too many questions come from this resolver",
        _ => null,
    };

    private static bool IsCode(IPAddress ip) => ip.GetAddressBytes()[0] == 127;
}
