namespace Kopis.Server.ClientPolicy;

/// <summary>
/// What one address, network or user has used. For each rate one number: the time at which all that
/// was used will have been earned back, each use costing its share of the period. So a rate is kept
/// over any stretch of time, and forgets by itself.
/// </summary>
/// <param name="limits">How many limits there are.</param>
internal sealed class UseRecord(int limits)
{
    private readonly long[] _paidBy = new long[limits];

    /// <summary>Connections that are open.</summary>
    internal int Open { get; set; }

    /// <summary>Whether one more would go over a limit.</summary>
    internal bool IsFull(int index, ClientLimit limit, long now) => limit.Period is { } period
        ? Math.Max(_paidBy[index], now) + (period.Ticks / limit.Count) - now > period.Ticks
        : Open >= limit.Count;

    /// <summary>Uses one; what goes over the limit is not held against it.</summary>
    internal void Add(int index, ClientLimit limit, long now)
    {
        if (limit.Period is { } period)
        {
            long paid = Math.Max(_paidBy[index], now) + (period.Ticks / limit.Count);
            _paidBy[index] = Math.Min(paid, now + period.Ticks);
        }
    }
}
