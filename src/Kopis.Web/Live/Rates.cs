namespace Kopis.Web.Live;

/// <summary>Counts events of the last ten minutes, in steps of five seconds of the clock. May be
/// used from many threads.</summary>
internal sealed class Rates
{
    /// <summary>The seconds of a step.</summary>
    internal const int StepSeconds = 5;

    /// <summary>The number of steps in a plot.</summary>
    internal const int Steps = 120;

    /// <summary>The time that a plot shows. Events that lie further from now are not counted.
    /// </summary>
    internal static readonly TimeSpan Length = TimeSpan.FromSeconds(StepSeconds * Steps);

    private static readonly int Kinds = Enum.GetValues<Rate>().Length;

    private readonly Lock _lock = new();
    private readonly long[] _stepOf = new long[Steps];
    private readonly long[,] _counts = new long[Kinds, Steps];

    /// <summary>Counts one event; times before 1970 are ignored.</summary>
    internal void Add(Rate rate, DateTimeOffset time)
    {
        long step = time.ToUnixTimeSeconds() / StepSeconds;
        if (step < 0)
        {
            return;
        }

        int place = (int)(step % Steps);
        lock (_lock)
        {
            if (_stepOf[place] > step)
            {
                return; // Older than the plot.
            }

            if (_stepOf[place] < step)
            {
                _stepOf[place] = step;
                for (int kind = 0; kind < Kinds; kind++)
                {
                    _counts[kind, place] = 0;
                }
            }

            _counts[(int)rate, place]++;
        }
    }

    /// <summary>The counts of each whole step, the oldest first.</summary>
    internal long[] Of(Rate rate, DateTimeOffset now)
    {
        long last = (now.ToUnixTimeSeconds() / StepSeconds) - 1;
        long[] counts = new long[Steps];
        lock (_lock)
        {
            for (int i = 0; i < Steps; i++)
            {
                long step = last - Steps + 1 + i;
                int place = (int)(((step % Steps) + Steps) % Steps);
                counts[i] = _stepOf[place] == step ? _counts[(int)rate, place] : 0;
            }
        }

        return counts;
    }
}
