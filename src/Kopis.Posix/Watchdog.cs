using System.Diagnostics;
using System.Globalization;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Notices work of this process that does not end: the turn of a loop, or a question to
/// the threads that serve sockets (<see cref="SocketWatch"/>). It reports this once a minute, and
/// also when the work ends at last. A process is ended if, for <see cref="WatchTimes.EndAfter"/>,
/// its loop has neither worked nor waited for the disk, or has used the processor all the time. Its
/// supervisor then starts it again (docs/decisions/supervision.md).</summary>
/// <remarks>While nothing is in progress its thread sleeps, so an idle process is not woken.
/// </remarks>
public sealed class Watchdog
{
    private readonly Action<string> _report;
    private readonly Action _end;
    private readonly WatchTimes _times;
    private readonly object _gate = new();
    private readonly TurnWitness _witness;
    private long _began; // A time stamp; zero: no work.
    private long _turns;
    private long _turnsSeen;
    private int _thread;
    private int _isParked;
    private TimeSpan _reported; // The turn's time at the last report; zero: none yet.

    /// <summary>Makes a watch for the loop that calls <see cref="Begin"/>.</summary>
    /// <param name="program">The program's name, with which a report on standard error begins.
    /// </param>
    public Watchdog(string program)
        : this(line => ErrorLog.Write($"{program}: {line}"))
    {
    }

    /// <summary>The same, for a program with a log of its own.</summary>
    /// <param name="report">Receives one line, on a thread of the watch.</param>
    public Watchdog(Action<string> report)
        : this(report, () => Processes.ExitNow(ExitCode.Temporary), new WatchTimes())
    {
    }

    /// <summary>The same, for tests.</summary>
    internal Watchdog(Action<string> report, Action end, WatchTimes times)
    {
        (_report, _end, _times) = (report, end, times);
        _witness = new TurnWitness(times.EndAfter);
        new Thread(Run) { IsBackground = true, Name = "watchdog" }.Start();
    }

    /// <summary>Called before each look, and before the thread sleeps. Returns whether there is
    /// something to look at.</summary>
    internal Func<bool>? Asks { get; init; }

    /// <summary>Marks the start of a turn of the calling thread.</summary>
    public void Begin()
    {
        if (_thread == 0)
        {
            _thread = Processes.ThreadId();
        }

        BeginElsewhere();
    }

    /// <summary>Marks the end of a turn: its thread now waits for something to do.</summary>
    public void End() => Volatile.Write(ref _began, 0);

    /// <summary>Marks the start of work that belongs to no particular thread.</summary>
    internal void BeginElsewhere()
    {
        Volatile.Write(ref _began, Stopwatch.GetTimestamp());
        Volatile.Write(ref _turns, _turns + 1);
        Wake();
    }

    /// <summary>Says that there is something to look at.</summary>
    internal void Wake()
    {
        // Either this method sees that the thread sleeps, or the thread sees what was written
        // before.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isParked) != 0)
        {
            lock (_gate)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    private void Run()
    {
        while (true)
        {
            Park();
            // Runs on a thread of its own between two looks; nothing waits for it.
            Thread.Sleep(_times.LookPause);
            Look();
        }
    }

    private void Park()
    {
        lock (_gate)
        {
            Volatile.Write(ref _isParked, 1);
            Interlocked.MemoryBarrier();
            while (Volatile.Read(ref _began) == 0 && Volatile.Read(ref _turns) == _turnsSeen
                && _reported == TimeSpan.Zero && Asks?.Invoke() != true)
            {
                Monitor.Wait(_gate);
            }

            Volatile.Write(ref _isParked, 0);
        }

        _turnsSeen = Volatile.Read(ref _turns);
    }

    private void Look()
    {
        long turn = Volatile.Read(ref _turns);
        long began = Volatile.Read(ref _began);
        TimeSpan time = began == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(began);
        if (time < _times.ReportAfter)
        {
            if (_reported > TimeSpan.Zero)
            {
                _report("status: answers again");
            }

            _reported = TimeSpan.Zero;
            return;
        }

        string state = _witness.Look(turn, time, ThreadState.Of(_thread));
        if (_witness.IsDead)
        {
            _report($"alert: no answer for {Seconds(time)}: {state}; ending");
            _end();
        }
        else if (_reported == TimeSpan.Zero || time - _reported >= _times.QuietTime)
        {
            _reported = time;
            _report($"alert: no answer for {Seconds(time)}: {state}");
        }
    }

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s");
}
