namespace Kopis.Users;

/// <summary>
/// Counts failed logins by peer, so that guessing passwords is slow and costs us little. Bounded;
/// may be used from many threads.
/// </summary>
public sealed class LoginLimiter(TimeProvider time)
{
    /// <summary>Failures after which a peer's next tries are refused unseen. A person errs a few
    /// times; OWASP's Authentication Cheat Sheet leaves the number to the site.</summary>
    public const int FailuresMax = 10;

    /// <summary>Peers remembered; some 50 bytes each.</summary>
    public const int PeersMax = 20_000;

    /// <summary>From a peer's first failure, how long its failures count.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<PeerNetwork, (int Failures, long Since)> _peers = [];

    /// <summary>Whether the peer has failed too often.</summary>
    public bool IsBlocked(PeerNetwork peer)
    {
        lock (_lock)
        {
            return _peers.TryGetValue(peer, out var seen) && !IsOver(seen.Since)
                && seen.Failures >= FailuresMax;
        }
    }

    /// <summary>Counts a failure; returns how many the peer has now.</summary>
    public int CountFailure(PeerNetwork peer)
    {
        lock (_lock)
        {
            bool known = _peers.TryGetValue(peer, out var seen) && !IsOver(seen.Since);
            if (!known && _peers.Count >= PeersMax)
            {
                MakeRoom();
            }

            int failures = known ? seen.Failures + 1 : 1;
            _peers[peer] = (failures, known ? seen.Since : time.GetTimestamp());
            return failures;
        }
    }

    private void MakeRoom()
    {
        PeerNetwork oldest = default;
        long since = long.MaxValue;
        foreach ((PeerNetwork peer, (int _, long began)) in _peers)
        {
            if (IsOver(began))
            {
                _peers.Remove(peer);
            }
            else if (began < since)
            {
                (oldest, since) = (peer, began);
            }
        }

        if (_peers.Count >= PeersMax)
        {
            _peers.Remove(oldest);
        }
    }

    private bool IsOver(long since) => time.GetElapsedTime(since) >= Window;
}
