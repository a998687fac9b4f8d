using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace Kopis.Posix;

/// <summary>Detects that the threads which serve this process's sockets are stuck. They also serve
/// a socket pair of this object, which is tested while there is work to do
/// (<see cref="Watchdog"/>).</summary>
public sealed class SocketWatch
{
    private readonly Func<bool> _goesOn;
    private readonly Func<Task> _ask;
    private readonly Watchdog _watch;
    private int _touched;
    private int _isAsked;

    /// <summary>Makes a watch that tests after each <see cref="Touch"/>.</summary>
    /// <param name="program">The program's name, with which a report on standard error begins.
    /// </param>
    /// <param name="goesOn">Whether to test further without a touch; null for no.</param>
    public SocketWatch(string program, Func<bool>? goesOn = null)
    {
        _goesOn = goesOn ?? (() => false);
        Pair pair = new();
        _ask = pair.AskAsync;
        _watch = new Watchdog(program) { Asks = Ask };
    }

    /// <summary>The same with another test, for unit tests.</summary>
    internal SocketWatch(
        Func<Task> ask, Action<string> report, Action end, WatchTimes times, Func<bool> goesOn)
    {
        (_ask, _goesOn) = (ask, goesOn);
        _watch = new Watchdog(report, end, times) { Asks = Ask };
    }

    /// <summary>Says that there is work for those threads. It is cheap enough to call for each
    /// connection or question.</summary>
    public void Touch()
    {
        if (Volatile.Read(ref _touched) == 0)
        {
            Volatile.Write(ref _touched, 1);
            _watch.Wake();
        }
    }

    // True if there is something to test.
    private bool Ask()
    {
        if (Volatile.Read(ref _isAsked) != 0)
        {
            return true;
        }

        if (Interlocked.Exchange(ref _touched, 0) == 0 && !_goesOn())
        {
            return false;
        }

        Volatile.Write(ref _isAsked, 1);
        _watch.BeginElsewhere();
        ErrorLog.Watch(AskOnceAsync());
        return true;
    }

    private async Task AskOnceAsync()
    {
        await _ask().ConfigureAwait(false);
        _watch.End();
        Volatile.Write(ref _isAsked, 0);
    }

    /// <summary>Two connected sockets. What one sends, the other receives on one of the threads
    /// that serve sockets.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process.")]
    private sealed class Pair
    {
        private readonly Socket _near;
        private readonly Socket _far;
        private readonly byte[] _sent = [1];
        private readonly byte[] _received = new byte[1];

        internal Pair()
        {
            (int near, int far) = Fd.SocketPair();
            _near = new Socket(new SafeSocketHandle(near, ownsHandle: true));
            _far = new Socket(new SafeSocketHandle(far, ownsHandle: true));
        }

        internal async Task AskAsync()
        {
            // The receive begins first, so that it does not complete at once on this thread.
            ValueTask<int> answer = _far.ReceiveAsync(_received.AsMemory());
            await _near.SendAsync(_sent.AsMemory()).ConfigureAwait(false);
            await answer.ConfigureAwait(false);
        }
    }
}
