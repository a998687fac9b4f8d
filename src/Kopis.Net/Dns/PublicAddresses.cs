using System.Net;
using System.Net.Sockets;

namespace Kopis.Net.Dns;

/// <summary>Decides which addresses others can reach.</summary>
public static class PublicAddresses
{
    private static readonly IPNetwork[] Private =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "172.16.0.0/12", "192.168.0.0/16", "::/128", "::1/128", "fc00::/7", "fe80::/10",
        ]).Select(text => IPNetwork.Parse(text)),
    ];

    /// <summary>Whether it is an address of a private network, or a loopback address (RFC 6890).
    /// </summary>
    public static bool IsPrivate(IPAddress address)
    {
        IPAddress plain = OwnAddresses.Plain(address);
        return plain.IsIPv6Multicast || Private.Any(one => one.Contains(plain));
    }

    /// <summary>The name of an address's PTR records, without a dot at the end.</summary>
    public static string ReverseName(IPAddress address) => address.GetArpaName().TrimEnd('.');

    /// <summary>The public addresses of this host's interfaces, IPv4 first.</summary>
    public static IReadOnlyList<IPAddress> OfThisHost() =>
        [.. LocalAddresses.Read().Where(ip => !IsPrivate(ip))
            .OrderBy(ip => ip.AddressFamily != AddressFamily.InterNetwork)
            .ThenBy(ip => ip.ToString(), StringComparer.Ordinal)];
}
