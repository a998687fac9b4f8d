using Kopis.Base;
using Kopis.Users.Logins;

namespace Kopis.Users.Lookup;

/// <summary>Limits how many slots of a shared resource one client takes. May be used from many
/// threads.</summary>
/// <param name="most">How many slots a client may take.</param>
/// <param name="time">The clock.</param>
internal sealed class PeerShares(int most, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly PlaceCounts<PeerNetwork> _places = new();

    /// <summary>Acquires a slot, and waits a limited time for one.</summary>
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

    /// <summary>Releases a slot.</summary>
    internal void Leave(PeerNetwork peer) => _places.Leave(peer);
}
