namespace Kopis.Net;

/// <summary>A time limit that is made once and used for one operation after another, most of which
/// need none.</summary>
public sealed class TimeLimit : IDisposable
{
    private CancellationTokenSource _source = new();
    private CancellationTokenRegistration _stop;

    /// <summary>Begins an operation, without a limit yet.</summary>
    /// <param name="stop">Cancels the operation as well.</param>
    public CancellationToken Begin(CancellationToken stop)
    {
        if (!_source.TryReset())
        {
            _source.Dispose();
            _source = new CancellationTokenSource();
        }

        _stop = stop.UnsafeRegister(
            static source => ((CancellationTokenSource)source!).Cancel(), _source);
        return _source.Token;
    }

    /// <summary>Starts the time limit.</summary>
    public void Start(TimeSpan limit) => _source.CancelAfter(limit);

    /// <summary>Ends the operation.</summary>
    public void End() => _stop.Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        _source.Dispose();
    }
}
