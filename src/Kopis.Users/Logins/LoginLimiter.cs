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

    /// <summary>Failures after which an account's next tries are refused unseen, but for those
    /// from near where it was logged in to before. More than one peer's share, so that one peer
    /// cannot shut a person out.</summary>
    public const int AccountFailuresMax = 50;

    /// <summary>Peers remembered, and accounts; some 50 bytes each.</summary>
    public const int PeersMax = 20_000;

    /// <summary>From the first failure, how long failures count.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly WindowCounter<PeerNetwork> _peers = new(time, Window, PeersMax);
    private readonly WindowCounter<UInt128> _accounts = new(time, Window, PeersMax);
    private readonly KnownPeers _known = new(time);

    /// <summary>Whether the peer has failed too often.</summary>
    public bool IsBlocked(PeerNetwork peer) => _peers.CountOf(peer) >= FailuresMax;

    /// <summary>Whether the peer has failed too often, or too many have at the account and the
    /// peer is none of those that it is known to be used from.</summary>
    public bool IsBlocked(PeerNetwork peer, ReadOnlySpan<byte> account)
    {
        if (IsBlocked(peer))
        {
            return true;
        }

        UInt128 key = KeyOf(account);
        return _accounts.CountOf(key) >= AccountFailuresMax && !_known.Contains(peer, key);
    }

    /// <summary>Counts a failure at an account, which need not exist; returns how many the peer
    /// has now.</summary>
    public int CountFailure(PeerNetwork peer, ReadOnlySpan<byte> account)
    {
        _accounts.Count(KeyOf(account));
        return _peers.Count(peer);
    }

    /// <summary>Notes that the peer may use the account.</summary>
    public void NoteSuccess(PeerNetwork peer, ReadOnlySpan<byte> account) =>
        _known.Add(peer, KeyOf(account));

    // Names come from strangers and may be long; a digest is not.
    private static UInt128 KeyOf(ReadOnlySpan<byte> account) =>
        BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Ascii8.ToLower(account)));
}
