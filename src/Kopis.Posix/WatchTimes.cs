namespace Kopis.Posix;

/// <summary>When a <see cref="Watchdog"/> looks, reports and ends.</summary>
internal sealed record WatchTimes
{
    /// <summary>Between two looks while something is in work.</summary>
    internal TimeSpan LookPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The time of a turn at which it is reported; with a look, less than 10 s.</summary>
    internal TimeSpan ReportAfter { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>Between two reports of one turn.</summary>
    internal TimeSpan QuietTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The time of a turn after which a dead process is ended. Longer than any wait for
    /// another process of Kopis (two minutes at most).</summary>
    internal TimeSpan EndAfter { get; init; } = TimeSpan.FromMinutes(5);
}
