namespace Kopis.Server.ClientPolicy;

/// <summary>What one address, network or user has used. There is one number for each rate: the time
/// at which everything used will be paid back, where each use costs its part of the period. So a
/// rate holds over any stretch of time, and old uses expire by themselves.</summary>
/// <param name="limits">How many limits there are.</param>
internal sealed class UseRecord(int limits)
{
    private readonly long[] _paidBy = new long[limits];

    /// <summary>How many connections are open.</summary>
    internal int Open { get; set; }

    /// <summary>Whether one more would exceed a limit.</summary>
    internal bool IsFull(int index, ClientLimit limit, long now) => limit.Period is { } period
        ? Math.Max(_paidBy[index], now) + (period.Ticks / limit.Count) - now > period.Ticks
        : Open >= limit.Count;

    /// <summary>Counts a use. What exceeds the limit is not counted.</summary>
    internal void Add(int index, ClientLimit limit, long now)
    {
        if (limit.Period is { } period)
        {
            long paid = Math.Max(_paidBy[index], now) + (period.Ticks / limit.Count);
            _paidBy[index] = Math.Min(paid, now + period.Ticks);
        }
    }
}
