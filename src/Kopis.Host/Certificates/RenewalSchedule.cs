namespace Kopis.Host.Certificates;

/// <summary>When to ask for the next certificate, and when to retry. Pure: the time is a parameter.
/// </summary>
internal static class RenewalSchedule
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan MostWait = TimeSpan.FromHours(6);
    private static readonly TimeSpan AskedWaitMax = TimeSpan.FromDays(1);

    /// <summary>After two thirds of a certificate's life, and up to a thirtieth of it later: hosts
    /// that began together do not come back together.</summary>
    /// <param name="from">Its first moment.</param>
    /// <param name="until">Its last.</param>
    /// <param name="chance">From 0 to 1, the same for one process.</param>
    internal static DateTimeOffset Due(DateTimeOffset from, DateTimeOffset until, double chance)
    {
        TimeSpan life = until - from;
        return from + (life * 2 / 3) + (life * chance / 30);
    }

    /// <summary>The wait after failures in a row: 10 minutes, doubled each time, at most 6 hours,
    /// and up to a tenth more. With it a server's limit of a few failures an hour holds.</summary>
    /// <param name="failures">In a row, at least 1.</param>
    /// <param name="asked">The server's pause, limited to a day.</param>
    /// <param name="chance">From 0 to 1.</param>
    internal static TimeSpan Wait(int failures, TimeSpan? asked, double chance)
    {
        const int doublingsMax = 16; // Long past the most.
        TimeSpan own = FirstWait * (1 << Math.Clamp(failures - 1, 0, doublingsMax));
        own = (own < MostWait ? own : MostWait) * (1 + (chance / 10));
        TimeSpan least = asked is { } some && some < AskedWaitMax ? some : asked is null
            ? TimeSpan.Zero : AskedWaitMax;
        return own > least ? own : least;
    }
}
