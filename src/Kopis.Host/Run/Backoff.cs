namespace Kopis.Host.Run;

/// <summary>How long to wait before a program is started again. Pure; time comes in.</summary>
internal sealed class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.1);

    // With the time in which a stopped program is noticed, less than 10 s: what somebody ended
    // again and again serves within that once he is gone.
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(10);

    private TimeSpan _last;

    /// <summary>The wait after a run of that length: doubled each time, short again after a good
    /// run.</summary>
    internal TimeSpan After(TimeSpan run) => _last =
        run >= GoodRun || _last < First ? First : _last * 2 < Most ? _last * 2 : Most;
}
