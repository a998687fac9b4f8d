namespace Kopis.Start;

/// <summary>How long to wait before a program is started again. Pure; time comes in.</summary>
internal sealed class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(10);

    private TimeSpan _next = First;

    /// <summary>The wait after a run of that length: doubled each time, short again after a good
    /// run.</summary>
    internal TimeSpan After(TimeSpan run)
    {
        if (run >= GoodRun)
        {
            _next = First;
        }

        TimeSpan wait = _next;
        _next = TimeSpan.FromTicks(Math.Min(Most.Ticks, _next.Ticks * 2));
        return wait;
    }
}
