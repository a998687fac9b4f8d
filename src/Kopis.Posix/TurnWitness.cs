namespace Kopis.Posix;

/// <summary>
/// Judges a long turn of a loop by what is seen of its thread. A turn that waits for the disk may
/// last: to end the process would turn a slow disk into an outage. One that has slept for long
/// without once waking up waits for what does not come; one that has had the processor for as long
/// does not end. Pure; time and states come in.
/// </summary>
/// <param name="endAfter">How long.</param>
internal sealed class TurnWitness(TimeSpan endAfter)
{
    private const double AllTheTime = 0.9;

    private long _turn = -1;
    private TimeSpan _since; // From here on it has slept, or has had the processor.
    private ThreadState _first;

    /// <summary>The last look has shown that the turn will not end.</summary>
    internal bool IsDead { get; private set; }

    /// <summary>Takes what a look has seen.</summary>
    /// <param name="turn">The turn's number.</param>
    /// <param name="time">Since it began.</param>
    /// <param name="state">Its thread's.</param>
    /// <returns>What its thread does, for people.</returns>
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
