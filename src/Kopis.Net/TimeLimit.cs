namespace Kopis.Net;

/// <summary>A time limit for one operation after another, which most of them do not need: made
/// once, set for each.</summary>
public sealed class TimeLimit : IDisposable
{
    private CancellationTokenSource _source = new();
    private CancellationTokenRegistration _stop;

    /// <summary>For the next operation; it has no limit yet.</summary>
    /// <param name="stop">Ends it too.</param>
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

    /// <summary>From now on so long.</summary>
    public void Start(TimeSpan limit) => _source.CancelAfter(limit);

    /// <summary>It is over.</summary>
    public void End() => _stop.Dispose();

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
