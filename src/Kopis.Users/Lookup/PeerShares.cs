using Kopis.Users.Logins;

namespace Kopis.Users.Lookup;

/// <summary>A client's part of what all share, so that none takes all of it. May be used from many
/// threads.</summary>
/// <param name="most">How many places a client has.</param>
/// <param name="time">The clock.</param>
internal sealed class PeerShares(int most, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly Dictionary<PeerNetwork, int> _taken = [];

    /// <summary>Acquires a place, and waits for one at most so long.</summary>
    /// <returns>False if that was too long.</returns>
    internal async Task<bool> EnterAsync(
        PeerNetwork peer, TimeSpan longest, CancellationToken stop)
    {
        long began = time.GetTimestamp();
        while (!TryEnter(peer))
        {
            if (time.GetElapsedTime(began) > longest)
            {
                return false;
            }

            await Task.Delay(Pause, time, stop);
        }

        return true;
    }

    /// <summary>Gives it back.</summary>
    internal void Leave(PeerNetwork peer)
    {
        lock (_lock)
        {
            if (--_taken[peer] == 0)
            {
                _taken.Remove(peer);
            }
        }
    }

    private bool TryEnter(PeerNetwork peer)
    {
        lock (_lock)
        {
            int taken = _taken.GetValueOrDefault(peer);
            if (taken < most)
            {
                _taken[peer] = taken + 1;
            }

            return taken < most;
        }
    }
}
