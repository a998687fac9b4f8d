namespace Kopis.Web.Live;

/// <summary>How full the queue was, for the plot: one value for each step. May be used from many
/// threads.</summary>
internal sealed class QueueLevels
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, long> _steps = [];
    private QueueLevel _last;

    /// <summary>The latest value.</summary>
    internal QueueLevel Last
    {
        get
        {
            lock (_lock)
            {
                return _last;
            }
        }
    }

    /// <summary>Adds a value.</summary>
    internal void Add(DateTimeOffset time, QueueLevel level)
    {
        long step = StepOf(time);
        lock (_lock)
        {
            _last = level;
            _steps[step] = level.Messages;
            if (_steps.Count > 2 * Rates.Steps)
            {
                foreach (long old in _steps.Keys.Where(one => one < step - Rates.Steps).ToArray())
                {
                    _steps.Remove(old);
                }
            }
        }
    }

    /// <summary>The number of messages at each whole step, the oldest first. A step without an
    /// answer repeats the previous value.</summary>
    internal long[] Of(DateTimeOffset now)
    {
        long last = StepOf(now) - 1;
        long[] levels = new long[Rates.Steps];
        lock (_lock)
        {
            long level = 0;
            for (int i = 0; i < levels.Length; i++)
            {
                level = _steps.GetValueOrDefault(last - levels.Length + 1 + i, level);
                levels[i] = level;
            }
        }

        return levels;
    }

    private static long StepOf(DateTimeOffset time) =>
        time.ToUnixTimeSeconds() / Rates.StepSeconds;
}
