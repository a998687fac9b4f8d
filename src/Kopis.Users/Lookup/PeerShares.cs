using Kopis.Base;
using Kopis.Users.Logins;

namespace Kopis.Users.Lookup;

/// <summary>Limits how many places of a shared resource one client takes. May be used from many
/// threads.</summary>
/// <param name="most">How many places a client has.</param>
/// <param name="time">The clock.</param>
internal sealed class PeerShares(int most, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly PlaceCounts<PeerNetwork> _places = new();

    /// <summary>Acquires a place, and waits a limited time for it.</summary>
    /// <returns>False if there was none in that time.</returns>
    internal async Task<bool> EnterAsync(
        PeerNetwork peer, TimeSpan longest, CancellationToken stop)
    {
        long began = time.GetTimestamp();
        while (!_places.TryEnter(peer, most))
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
    internal void Leave(PeerNetwork peer) => _places.Leave(peer);
}
