namespace Kopis.Send.Scheduling.Destinations;

/// <summary>
/// Keeps a rate: in no period do more than <c>count</c> begin, wherever the period begins. Nine
/// tenths are spread evenly, one tenth may come at once after a rest (GCRA, ITU-T I.371).
/// </summary>
internal sealed class RateLimiter
{
    private readonly double _interval;
    private readonly double _tolerance;
    private double _next;

    /// <summary>A rate of so many in a period of milliseconds.</summary>
    internal RateLimiter(int count, long period)
    {
        _interval = period / (0.9 * count);
        _tolerance = (Math.Max(1, count / 10) - 1) * _interval;
    }

    /// <summary>The first millisecond at which one may begin.</summary>
    internal long At => (long)Math.Ceiling(_next - _tolerance);

    /// <summary>One begins.</summary>
    internal void Start(long now) => _next = Math.Max(_next, now) + _interval;

    /// <summary>The last one does not begin.</summary>
    internal void Cancel() => _next -= _interval;

    /// <summary>The clock was set back.</summary>
    internal void Reset(long now) => _next = Math.Min(_next, now + _interval);
}
