namespace Kopis.Web.Live;

/// <summary>Runs <c>kopis metrics</c>, one at a time; who asks within a second gets the same.
/// </summary>
internal sealed class MetricsRun(KopisProgram program, TimeProvider clock) : IDisposable
{
    private static readonly string[] Words = ["metrics"];
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _place = new(1);
    private byte[] _last = [];
    private long _lastAt;

    /// <summary>The text; empty where there is none.</summary>
    /// <exception cref="IOException">The program cannot be run, or others wait for it.</exception>
    internal async Task<byte[]> ReadAsync(CancellationToken stop)
    {
        if (!await _place.WaitAsync(TimeMax, stop))
        {
            throw new IOException("kopis metrics is busy with other clients");
        }

        try
        {
            if (_last.Length == 0 || clock.GetElapsedTime(_lastAt) > Fresh)
            {
                _last = await program.RunAsync(Words, TimeMax);
                _lastAt = clock.GetTimestamp();
            }

            return _last;
        }
        finally
        {
            _place.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _place.Dispose();
}
