using System.Net.Sockets;

namespace Kopis.Queue.Writer;

/// <summary>Disconnects a client that is too slow, either between two bytes or for a whole message.
/// Each connection has one timer.</summary>
internal sealed class Deadline : IDisposable
{
    /// <summary>The time for a whole message, as in qmail-queue (DEATH).</summary>
    private static readonly TimeSpan MessageTimeMax = TimeSpan.FromDays(1);

    private readonly Socket _socket;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _timeout;
    private readonly ITimer _timer;
    private long _heardAt;
    private long _begunAt;
    private volatile bool _isOurTurn;

    internal Deadline(Socket socket, TimeProvider clock, TimeSpan timeout)
    {
        (_socket, _clock, _timeout) = (socket, clock, timeout);
        _heardAt = _begunAt = clock.GetTimestamp();
        _timer = clock.CreateTimer(
            _ => Look(), null, timeout, System.Threading.Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the time has expired; the connection is then closed.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>Called when a message begins.</summary>
    internal void Begin() => Volatile.Write(ref _begunAt, _clock.GetTimestamp());

    /// <summary>Called when bytes arrived.</summary>
    internal void Hear() => Volatile.Write(ref _heardAt, _clock.GetTimestamp());

    /// <summary>Sets whether the client waits for us, which does not count as idle.</summary>
    internal void SetOurTurn(bool isOurTurn)
    {
        _isOurTurn = isOurTurn;
        Hear();
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        TimeSpan silent = _clock.GetElapsedTime(Volatile.Read(ref _heardAt));
        TimeSpan busy = _clock.GetElapsedTime(Volatile.Read(ref _begunAt));
        if (!_isOurTurn && (silent >= _timeout || busy >= MessageTimeMax))
        {
            IsOver = true;
            _socket.Dispose();
            return;
        }

        TimeSpan next = _isOurTurn ? _timeout : _timeout - silent;
        try
        {
            _timer.Change(next, System.Threading.Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The session has just ended.
        }
    }
}
