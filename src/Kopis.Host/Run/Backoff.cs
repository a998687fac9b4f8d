namespace Kopis.Host.Run;

/// <summary>Computes how long to wait before a program is started again. Pure; the time comes in.
/// </summary>
internal sealed class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.1);

    // Together with the time until a stopped program is noticed, this is less than 10 s. So a
    // program that somebody kept ending serves again within 10 s after that somebody is gone.
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(10);

    private TimeSpan _last;

    /// <summary>The wait after a run of that length. It doubles each time, and is short again after
    /// a good run.</summary>
    internal TimeSpan After(TimeSpan run) => _last =
        run >= GoodRun || _last < First ? First : _last * 2 < Most ? _last * 2 : Most;
}
