namespace Kopis.Host.Certificates;

/// <summary>Decides when to order the next certificate, and when to retry. No I/O: the time is a
/// parameter.</summary>
internal static class RenewalSchedule
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan MostWait = TimeSpan.FromHours(6);
    private static readonly TimeSpan AskedWaitMax = TimeSpan.FromDays(1);

    /// <summary>After two thirds of a certificate's life, plus up to a thirtieth of it, so that
    /// hosts that began together do not all return together.</summary>
    /// <param name="from">The start of the certificate's validity.</param>
    /// <param name="until">The end of its validity.</param>
    /// <param name="chance">From 0 to 1; constant within a process.</param>
    internal static DateTimeOffset Due(DateTimeOffset from, DateTimeOffset until, double chance)
    {
        TimeSpan life = until - from;
        return from + (life * 2 / 3) + (life * chance / 30);
    }

    /// <summary>The pause after failures in a row: 10 minutes, doubled each time up to 6 hours,
    /// plus up to a tenth. It keeps within the few failures an hour that a server allows.</summary>
    /// <param name="failures">The number of failures in a row, at least 1.</param>
    /// <param name="asked">The pause that the server asks for, limited to a day.</param>
    /// <param name="chance">From 0 to 1.</param>
    internal static TimeSpan Wait(int failures, TimeSpan? asked, double chance)
    {
        const int doublingsMax = 16; // More than reach the limit.
        TimeSpan own = FirstWait * (1 << Math.Clamp(failures - 1, 0, doublingsMax));
        own = (own < MostWait ? own : MostWait) * (1 + (chance / 10));
        TimeSpan least = asked is { } some && some < AskedWaitMax ? some : asked is null
            ? TimeSpan.Zero : AskedWaitMax;
        return own > least ? own : least;
    }
}
