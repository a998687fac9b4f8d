using System.Buffers.Binary;
using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Users;

/// <summary>
/// Counts failed logins by peer and by account, so that guessing passwords is slow and costs us
/// little, from one address and from many. Bounded; may be used from many threads.
/// </summary>
public sealed class LoginLimiter(TimeProvider time)
{
    /// <summary>Failures after which a peer's next tries are refused unseen. A person errs a few
    /// times; OWASP's Authentication Cheat Sheet leaves the number to the site.</summary>
    public const int FailuresMax = 10;

    /// <summary>Failures after which an account's next tries are refused unseen, from wherever,
    /// but for a login that was right a moment ago. More than one peer's share, so that one peer
    /// cannot shut a person out.</summary>
    public const int AccountFailuresMax = 50;

    /// <summary>Peers remembered, and accounts; some 50 bytes each.</summary>
    public const int PeersMax = 20_000;

    /// <summary>From the first failure, how long failures count.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly WindowCounter<PeerNetwork> _peers = new(time, Window, PeersMax);
    private readonly WindowCounter<UInt128> _accounts = new(time, Window, PeersMax);

    /// <summary>Whether the peer has failed too often.</summary>
    public bool IsBlocked(PeerNetwork peer) => _peers.CountOf(peer) >= FailuresMax;

    /// <summary>Whether too many have failed at the account.</summary>
    public bool IsBlocked(ReadOnlySpan<byte> account) =>
        _accounts.CountOf(KeyOf(account)) >= AccountFailuresMax;

    /// <summary>Counts a failure; returns how many the peer has now.</summary>
    public int CountFailure(PeerNetwork peer) => _peers.Count(peer);

    /// <summary>Counts a failure at an account, which need not exist.</summary>
    public int CountFailure(ReadOnlySpan<byte> account) => _accounts.Count(KeyOf(account));

    // Names come from strangers and may be long; a digest is not.
    private static UInt128 KeyOf(ReadOnlySpan<byte> account) =>
        BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Ascii8.ToLower(account)));
}
