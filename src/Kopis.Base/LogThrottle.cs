namespace Kopis.Base;

/// <summary>Limits the log lines of one cause. Each minute it logs a few lines as they are, and
/// then one line with the number of those left out. May be used from many threads.</summary>
/// <param name="log">Writes a line to the log.</param>
/// <param name="time">The clock.</param>
public sealed class LogThrottle(Action<string> log, TimeProvider time)
{
    /// <summary>The most lines of one cause in one <see cref="Period"/>.</summary>
    public const int LinesMax = 5;

    /// <summary>The time over which the lines of a cause are counted.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Minute> _minutes = [];

    /// <summary>Logs a line, unless its cause has reached the limit.</summary>
    /// <param name="cause">A fixed text of the code, never text from a client, because each cause
    /// is kept.</param>
    /// <param name="line">The line.</param>
    public void Write(string cause, string line)
    {
        if (Admits(cause))
        {
            log(line);
        }
    }

    /// <summary>Counts a line of a cause.</summary>
    /// <returns>Whether it may be logged.</returns>
    public bool Admits(string cause)
    {
        lock (_lock)
        {
            if (!_minutes.TryGetValue(cause, out Minute? minute))
            {
                _minutes[cause] = minute = new Minute { Since = time.GetTimestamp() };
            }

            // If lines were left out, the timer ends the minute.
            if (minute.Lines < LinesMax || minute.Timer is not null)
            {
                return CountLine(cause, minute);
            }

            if (time.GetElapsedTime(minute.Since) >= Period)
            {
                (minute.Since, minute.Lines) = (time.GetTimestamp(), 0);
            }

            return CountLine(cause, minute);
        }
    }

    private bool CountLine(string cause, Minute minute)
    {
        if (++minute.Lines <= LinesMax)
        {
            return true;
        }

        minute.Timer ??= time.CreateTimer(
            _ => End(cause), null, Period - Min(time.GetElapsedTime(minute.Since), Period),
            Timeout.InfiniteTimeSpan);
        return false;
    }

    private void End(string cause)
    {
        long more;
        lock (_lock)
        {
            if (!_minutes.Remove(cause, out Minute? minute))
            {
                return;
            }

            more = minute.Lines - LinesMax;
            minute.Timer?.Dispose();
        }

        log($"{cause}: {more} more in the last minute");
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private sealed class Minute
    {
        internal long Since { get; set; }

        internal long Lines { get; set; }

        internal ITimer? Timer { get; set; }
    }
}
