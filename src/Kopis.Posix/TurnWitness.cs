namespace Kopis.Posix;

/// <summary>Judges a long turn of a loop by the state of its thread. A turn that waits for the disk
/// may last; ending the process would turn a slow disk into an outage. A turn that sleeps for long
/// without waking up waits for something that does not come, and one that uses the processor for as
/// long never ends. This class does no I/O; it is given time and states.</summary>
/// <param name="endAfter">How long that is.</param>
internal sealed class TurnWitness(TimeSpan endAfter)
{
    private const double AllTheTime = 0.9;

    private long _turn = -1;
    private TimeSpan _since; // Since when it has slept, or run, only.
    private ThreadState _first;

    /// <summary>Whether the last look has shown that the turn will not end.</summary>
    internal bool IsDead { get; private set; }

    /// <summary>Evaluates a look.</summary>
    /// <param name="turn">The turn's number.</param>
    /// <param name="time">The time since it began.</param>
    /// <param name="state">The state of its thread.</param>
    /// <returns>What the thread does, for people.</returns>
    internal string Look(long turn, TimeSpan time, ThreadState state)
    {
        bool sleeps = state.Letter is 'S' or '\0' && state.Sleeps == _first.Sleeps;
        bool works = state.Cpu - _first.Cpu >= (time - _since) * AllTheTime;
        if (turn != _turn || state.Letter == 'D' || !(sleeps || works))
        {
            (_turn, _since, _first) = (turn, time, state);
        }

        IsDead = time - _since >= endAfter;
        return state.Letter switch
        {
            'D' => "it waits for the disk",
            'R' => "it is at work",
            'T' or 't' => "it is stopped",
            '\0' => "its threads do not come round",
            _ => "it waits",
        };
    }
}
