namespace Kopis.Users.Logins;

/// <summary>Remembers from where each account was used, so that those who guess its password do not
/// lock its owner out. A network stands for its addresses, since providers assign new ones: an IPv4
/// /24, an IPv6 /64. Bounded, and forgotten at a restart; may be used from many threads.</summary>
public sealed class KnownPeers(TimeProvider time)
{
    /// <summary>How many pairs of network and account are remembered, at some 80 bytes each.
    /// </summary>
    public const int PairsMax = 50_000;

    /// <summary>How long after the last login: people log in again within a month.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    private readonly RecentKeys<(ulong Network, bool IsIPv6, UInt128 Account)> _pairs =
        new(time, Lifetime, PairsMax);

    /// <summary>Whether there was a login to the account from that network.</summary>
    public bool Contains(PeerNetwork peer, UInt128 account) => _pairs.Contains(Pair(peer, account));

    /// <summary>Records a successful login.</summary>
    public void Add(PeerNetwork peer, UInt128 account) => _pairs.Add(Pair(peer, account));

    private static (ulong Network, bool IsIPv6, UInt128 Account) Pair(
        PeerNetwork peer, UInt128 account) =>
        (peer.IsIPv6 ? peer.Prefix : peer.Prefix >> 8, peer.IsIPv6, account);
}
