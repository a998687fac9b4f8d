namespace Kopis.Host.Run;

/// <summary>
/// Signals that process 1 has for the host. One that means stop is sent until the host has ended:
/// while it becomes an updated program it may lose one. Any other would end it then, and at its
/// start: it is kept until the host hears it. Pure.
/// </summary>
/// <param name="hears">Whether the host handles a signal itself by now.</param>
/// <param name="send">Sends it one.</param>
internal sealed class OwedSignals(Predicate<int> hears, Action<int> send)
{
    /// <summary>SIGINT, SIGQUIT, SIGTERM.</summary>
    internal static readonly IReadOnlyList<int> Stops = [2, 3, 15];

    private static readonly TimeSpan OwedPause = TimeSpan.FromSeconds(0.02);
    private static readonly TimeSpan StopPause = TimeSpan.FromSeconds(0.5);

    private readonly List<int> _owed = [];
    private int _stop;

    /// <summary>A signal that means stop has come.</summary>
    internal bool IsStopped => _stop != 0;

    /// <summary>How long to wait for another signal before the next <see cref="Send"/>.</summary>
    internal TimeSpan Pause => _owed.Count > 0 ? OwedPause
        : IsStopped ? StopPause
        : Timeout.InfiniteTimeSpan;

    /// <summary>One has come.</summary>
    internal void Add(int number)
    {
        if (Stops.Contains(number))
        {
            _stop = number;
            _owed.Clear();
        }
        else if (!IsStopped && !_owed.Contains(number))
        {
            _owed.Add(number);
        }
    }

    /// <summary>Sends what the host can take.</summary>
    internal void Send()
    {
        if (IsStopped)
        {
            send(_stop); // It ends, whether it hears it already or not.
        }

        // If it does not hear it behind that, it may have been handing over: it gets it again.
        _owed.RemoveAll(number =>
        {
            bool isHeard = hears(number);
            if (isHeard)
            {
                send(number);
            }

            return isHeard && hears(number);
        });
    }
}
