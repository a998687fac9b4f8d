using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Load;

/// <summary>Many clients on one thread, each as smtp-source's.</summary>
/// <param name="to">The server.</param>
/// <param name="letter">What is sent.</param>
/// <param name="messages">How many in all.</param>
internal sealed class Sender(IPEndPoint to, Letter letter, int messages)
{
    private const int BlockBytes = 4096;
    private const int SilenceMilliseconds = 60_000;
    private readonly Dictionary<int, SendSession> _sessions = [];
    private readonly List<TimeSpan> _times = new(messages);
    private int _next;

    internal Poll Poll { get; } = new();

    internal Letter Letter => letter;

    /// <summary>One connection for all messages of a session; else one for each.</summary>
    internal bool KeepsConnections { get; init; }

    /// <summary>Sends all.</summary>
    /// <param name="sessions">At once.</param>
    /// <returns>One line of names and numbers.</returns>
    /// <exception cref="IOException">A server refused something, hung up, or says nothing.</exception>
    internal string Run(int sessions)
    {
        byte[] block = new byte[BlockBytes];
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < sessions; i++)
        {
            TryOpen(new SendSession(this));
        }

        while (_sessions.Count > 0)
        {
            int ready = Poll.Wait(SilenceMilliseconds);
            if (ready == 0)
            {
                throw new IOException(
                    $"no server has said anything for a minute; {_sessions.Count} sessions wait");
            }

            for (int i = 0; i < ready; i++)
            {
                SendSession session = _sessions[Poll.Ready(i)];
                if (!session.Continue(block))
                {
                    TryOpen(session);
                }
            }
        }

        return Told(Stopwatch.GetElapsedTime(began));
    }

    /// <summary>A connection, watched.</summary>
    internal int Connect()
    {
        int fd = Sockets.Connect(to);
        Poll.Watch(fd);
        return fd;
    }

    /// <summary>Ends a connection.</summary>
    internal void Close(SendSession session)
    {
        _sessions.Remove(session.Fd);
        SystemCalls.close(session.Fd);
    }

    /// <summary>The number of the next message; false: there is none.</summary>
    internal bool TryTake(out int number)
    {
        number = _next;
        _next += number < messages ? 1 : 0;
        return number < messages;
    }

    /// <summary>A message has its 250.</summary>
    internal void Accepted(TimeSpan time) => _times.Add(time);

    private void TryOpen(SendSession session)
    {
        if (TryTake(out int number))
        {
            session.Connect(number);
            _sessions.Add(session.Fd, session);
        }
    }

    private string Told(TimeSpan whole)
    {
        _times.Sort();
        double At(double part) => _times.Count == 0 ? 0
            : _times[(int)(part * (_times.Count - 1))].TotalMilliseconds;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"accepted {_times.Count} seconds {whole.TotalSeconds:0.000000} p50 {At(0.5):0.000}")
            + string.Create(
                CultureInfo.InvariantCulture,
                $" p90 {At(0.9):0.000} p99 {At(0.99):0.000} max {At(1):0.000}");
    }
}
