namespace Kopis.Host.Run;

/// <summary>
/// Signals that process 1 passes on to the host. A signal that means stop is sent again until the
/// host has ended, since the host may lose one while it replaces itself with an updated program.
/// Any other signal would end the host at that moment or during its start, so it is kept until the
/// host handles it. Pure.
/// </summary>
/// <param name="hears">Whether the host has a handler for a signal by now.</param>
/// <param name="send">Sends a signal to the host.</param>
internal sealed class OwedSignals(Predicate<int> hears, Action<int> send)
{
    /// <summary>SIGINT, SIGQUIT, SIGTERM.</summary>
    internal static readonly IReadOnlyList<int> Stops = [2, 3, 15];

    private static readonly TimeSpan OwedPause = TimeSpan.FromSeconds(0.02);
    private static readonly TimeSpan StopPause = TimeSpan.FromSeconds(0.5);

    private readonly List<int> _owed = [];
    private int _stop;

    /// <summary>Whether a signal that means stop has come.</summary>
    internal bool IsStopped => _stop != 0;

    /// <summary>How long to wait for another signal before the next <see cref="Send"/>.</summary>
    internal TimeSpan Pause => _owed.Count > 0 ? OwedPause
        : IsStopped ? StopPause
        : Timeout.InfiniteTimeSpan;

    /// <summary>Adds a signal that has come.</summary>
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

    /// <summary>Sends the signals that the host can handle now.</summary>
    internal void Send()
    {
        if (IsStopped)
        {
            send(_stop); // The host ends, whether it has a handler already or not.
        }

        // If the host has no handler afterwards, it may have been replacing itself: it gets the
        // signal again.
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
