namespace Kopis.Users.Logins;

/// <summary>
/// Remembers from where each account was logged in to, so that strangers who guess at its password
/// do not shut its owner out. An address stands for its neighbours, since providers hand out new
/// ones: an IPv4 /24, an IPv6 /64. Bounded, and forgotten at a restart; may be used from many
/// threads.
/// </summary>
public sealed class KnownPeers(TimeProvider time)
{
    /// <summary>Pairs of network and account remembered; some 80 bytes each.</summary>
    public const int PairsMax = 50_000;

    /// <summary>From the last login: a person comes back within a month.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    private readonly RecentKeys<(ulong Network, bool IsIPv6, UInt128 Account)> _pairs =
        new(time, Lifetime, PairsMax);

    /// <summary>Whether somebody near there has logged in to the account.</summary>
    public bool Contains(PeerNetwork peer, UInt128 account) => _pairs.Contains(Pair(peer, account));

    /// <summary>Notes a login that was right.</summary>
    public void Add(PeerNetwork peer, UInt128 account) => _pairs.Add(Pair(peer, account));

    private static (ulong Network, bool IsIPv6, UInt128 Account) Pair(
        PeerNetwork peer, UInt128 account) =>
        (peer.IsIPv6 ? peer.Prefix : peer.Prefix >> 8, peer.IsIPv6, account);
}
