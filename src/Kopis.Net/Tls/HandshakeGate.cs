namespace Kopis.Net.Tls;

/// <summary>
/// Lets no more handshakes compute at once than there are cores, so that a flood of them does not
/// keep sessions from their turn. A handshake that waits for its peer holds no place.
/// </summary>
internal sealed class HandshakeGate(int places) : IDisposable
{
    private readonly SemaphoreSlim _free = new(places);

    /// <summary>Waits for a place. Comes back on a thread of the pool: one that watches sockets
    /// has others to serve meanwhile.</summary>
    internal async ValueTask EnterAsync(CancellationToken stop)
    {
        await _free.WaitAsync(stop).ConfigureAwait(
            ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.None);
    }

    internal void Leave() => _free.Release();

    public void Dispose() => _free.Dispose();
}
