namespace Kopis.Web.Live;

/// <summary>Runs <c>kopis metrics</c>, one run at a time. Requests within a second get the same
/// text.</summary>
internal sealed class MetricsRun(KopisProgram program, TimeProvider clock) : IDisposable
{
    private static readonly string[] Words = ["metrics"];
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _place = new(1);
    private byte[] _last = [];
    private long _lastAt;

    /// <summary>The metrics; empty if there are none.</summary>
    /// <exception cref="IOException">The program cannot be run, or too many requests wait for it.
    /// </exception>
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
