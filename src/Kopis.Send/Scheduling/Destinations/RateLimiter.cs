namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Keeps a rate: in no period, wherever it begins, do more than <c>count</c> deliveries
/// begin. Nine tenths of them are spread evenly; one tenth may begin at once after a rest (GCRA,
/// ITU-T I.371).</summary>
internal sealed class RateLimiter
{
    private readonly double _interval;
    private readonly double _tolerance;
    private double _next;

    /// <summary>Makes a limiter for a count in a period of milliseconds.</summary>
    internal RateLimiter(int count, long period)
    {
        _interval = period / (0.9 * count);
        _tolerance = (Math.Max(1, count / 10) - 1) * _interval;
    }

    /// <summary>The first millisecond at which the next delivery may begin.</summary>
    internal long At => (long)Math.Ceiling(_next - _tolerance);

    /// <summary>Counts a delivery that begins.</summary>
    internal void Start(long now) => _next = Math.Max(_next, now) + _interval;

    /// <summary>Undoes the last delivery, which did not begin.</summary>
    internal void Cancel() => _next -= _interval;

    /// <summary>Called when the clock was set back.</summary>
    internal void Reset(long now) => _next = Math.Min(_next, now + _interval);
}
