using System.Buffers.Binary;
using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Users.Logins;

/// <summary>Counts failed logins by peer, by its network and by account, so that guessing passwords
/// is slow and costs us little, whether it comes from one address or from many. An attempt is
/// counted before it is checked, so that many at once get no further. Bounded; may be used from
/// many threads.</summary>
public sealed class LoginLimiter(TimeProvider time, LoginLimits limits)
{
    /// <summary>How many peers, networks and accounts are remembered, at some 60 bytes each.
    /// </summary>
    public const int PeersMax = 20_000;

    /// <summary>When to ask again after <see cref="LoginLeave.Wait"/>.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private const int DelaysMax = 5;
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly TryCounter<PeerNetwork> _peers = new(time, limits.Window, PeersMax);
    private readonly TryCounter<PeerNetwork> _networks = new(time, limits.Window, PeersMax);
    private readonly TryCounter<UInt128> _accounts = new(time, limits.Window, PeersMax);
    private readonly KnownPeers _known = new(time);

    /// <summary>Makes a limiter with the limits of a host without control files.</summary>
    public LoginLimiter(TimeProvider time)
        : this(time, LoginLimits.Default)
    {
    }

    /// <summary>Whether an attempt may be checked. It counts for the network and the account only
    /// if the peer's own limit allows it. For a peer that is known at the account, only the peer's
    /// limit applies.</summary>
    /// <param name="peer">The client.</param>
    /// <param name="account">The name, which need not exist; empty: not known yet.</param>
    public LoginLeave Reserve(PeerNetwork peer, ReadOnlySpan<byte> account)
    {
        UInt128 key = KeyOf(account);
        bool isKnown = !account.IsEmpty && _known.Contains(peer, key);
        lock (_lock)
        {
            if (_peers.FailedOf(peer) >= limits.Tries)
            {
                return LoginLeave.Refused;
            }

            bool isOpen = isKnown || (_networks.FailedOf(peer.Wide) < limits.NetworkTries
                && (account.IsEmpty || _accounts.FailedOf(key) < limits.AccountTries));
            if (!isOpen)
            {
                _peers.Settle(peer, hasFailed: true); // As for any failed attempt.
                return LoginLeave.Refused;
            }

            bool hasRoom = isKnown || (_networks.HeldOf(peer.Wide) < limits.NetworkTries
                && (account.IsEmpty || _accounts.HeldOf(key) < limits.AccountTries));
            if (!hasRoom || _peers.HeldOf(peer) >= limits.Tries)
            {
                return LoginLeave.Wait;
            }

            _peers.Reserve(peer);
            _networks.Reserve(peer.Wide);
            if (!account.IsEmpty)
            {
                _accounts.Reserve(key);
            }

            return LoginLeave.Given;
        }
    }

    /// <summary>Records the result of an allowed attempt. Later does not count as a failure.
    /// </summary>
    public void Settle(PeerNetwork peer, ReadOnlySpan<byte> account, LookupVerdict verdict)
    {
        UInt128 key = KeyOf(account);
        bool hasFailed = verdict == LookupVerdict.No;
        lock (_lock)
        {
            _peers.Settle(peer, hasFailed);
            _networks.Settle(peer.Wide, hasFailed);
            if (!account.IsEmpty)
            {
                _accounts.Settle(key, hasFailed);
            }
        }

        if (verdict == LookupVerdict.Yes && !account.IsEmpty)
        {
            _known.Add(peer, key);
        }
    }

    /// <summary>How long a refusal of the peer takes from the beginning of the attempt: longer
    /// after each failure.</summary>
    public TimeSpan DelayOf(PeerNetwork peer)
    {
        lock (_lock)
        {
            return FailureDelay * Math.Clamp(_peers.FailedOf(peer), 1, DelaysMax);
        }
    }

    /// <summary>How much of a delay is left. If the check took longer than that, the whole attempt
    /// takes a multiple of the delay, so that the duration of the check does not show.</summary>
    public static TimeSpan LeftOf(TimeSpan delay, TimeSpan elapsed) =>
        TimeSpan.FromTicks(delay.Ticks - (elapsed.Ticks % delay.Ticks));

    // Names come from clients and may be long; a digest has a fixed length.
    private static UInt128 KeyOf(ReadOnlySpan<byte> account) =>
        BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Ascii8.ToLower(account)));
}
