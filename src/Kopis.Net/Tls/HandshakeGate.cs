namespace Kopis.Net.Tls;

/// <summary>Lets only as many handshakes compute at once as there are cores, so that a flood of
/// them does not keep sessions waiting. A handshake that waits for its peer holds no slot.
/// </summary>
internal sealed class HandshakeGate(int places) : IDisposable
{
    private readonly SemaphoreSlim _free = new(places);

    /// <summary>Waits for a slot. Continues on a thread of the pool, since a thread that watches
    /// sockets has others to serve.</summary>
    internal async ValueTask EnterAsync(CancellationToken stop)
    {
        await _free.WaitAsync(stop).ConfigureAwait(
            ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.None);
    }

    internal void Leave() => _free.Release();

    public void Dispose() => _free.Dispose();
}
