namespace Kopis.Posix;

/// <summary>When a <see cref="Watchdog"/> looks, reports and ends.</summary>
internal sealed record WatchTimes
{
    /// <summary>The time between two looks while work is in progress.</summary>
    internal TimeSpan LookPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a turn lasts before it is reported; together with a look, less than 10 s.
    /// </summary>
    internal TimeSpan ReportAfter { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>The time between two reports of one turn.</summary>
    internal TimeSpan QuietTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a turn lasts before a process that does not go on is ended. It is longer
    /// than any wait for another process of Kopis (two minutes at most).</summary>
    internal TimeSpan EndAfter { get; init; } = TimeSpan.FromMinutes(5);
}
