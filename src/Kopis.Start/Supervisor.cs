using System.Diagnostics;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Start;

/// <summary>
/// Keeps units running: starts again with back-off what ends, stops all in order. One thread; the
/// end of a child comes as SIGCHLD through a pipe, as other signals do.
/// </summary>
internal sealed class Supervisor(IReadOnlyList<IUnit> units, SupervisorSignals signals, string name)
    : IDisposable
{
    private const int Kill = 9;
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(4.5);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(60);

    private readonly State[] _states = [.. units.Select(unit => new State(unit))];
    private readonly (int Read, int Write) _lifeline = Fd.Pipe();

    /// <summary>Starts all units in order, and runs until a signal says stop.</summary>
    /// <param name="ready">Called once all have been started.</param>
    internal void Run(Action ready)
    {
        foreach (State state in _states)
        {
            Start(state);
        }

        ready();
        while (!signals.StopAsked)
        {
            signals.Wait(NextStart(), PassOn);
            Reap();
            RestartWhatIsDue();
        }

        StopAll();
    }

    public void Dispose()
    {
        Fd.Close(_lifeline.Read);
        Fd.Close(_lifeline.Write);
    }

    private TimeSpan? NextStart()
    {
        TimeSpan? wait = null;
        foreach (State state in _states)
        {
            TimeSpan? own = state.Pids.Count == 0
                ? state.StartAt - Stopwatch.GetElapsedTime(0)
                : state.IsDraining ? state.DrainUntil - Stopwatch.GetElapsedTime(0) : null;
            if (own is { } time && (wait is null || time < wait))
            {
                wait = time < TimeSpan.Zero ? TimeSpan.Zero : time;
            }
        }

        return wait;
    }

    private void Start(State state)
    {
        state.StartedAt = Stopwatch.GetElapsedTime(0);
        state.IsDraining = false;
        try
        {
            state.Pids = new Dictionary<int, string>(state.Unit.Start(_lifeline.Read));
        }
        catch (Exception e) when (e is PosixException or ConfigurationException)
        {
            TimeSpan wait = Again(state);
            Log($"unable to start {state.Unit.Name}: {e.Message}; trying again in {Text(wait)} s");
        }
    }

    private void Reap()
    {
        foreach (State state in _states)
        {
            foreach ((int pid, string child) in state.Pids.ToArray())
            {
                if (Processes.TryWait(pid) is { } status)
                {
                    state.Pids.Remove(pid);
                    NoteEnd(state, child, status);
                }
            }
        }
    }

    private void NoteEnd(State state, string child, WaitStatus status)
    {
        string how = status.Crashed
            ? $"ended by signal {status.Signal}"
            : $"ended with code {status.ExitCode}";
        if (signals.StopAsked)
        {
            return;
        }

        if (state.Pids.Count > 0)
        {
            // The pipes tell the rest of the unit, which finishes what it can and ends too.
            Log(state.IsDraining ? $"{child} {how}" : $"{child} {how}; the rest drains");
            state.IsDraining = true;
            state.DrainUntil = Stopwatch.GetElapsedTime(0) + DrainTime;
            return;
        }

        TimeSpan wait = Again(state);
        Log($"{child} {how}; starting again in {Text(wait)} s");
    }

    private static TimeSpan Again(State state)
    {
        TimeSpan now = Stopwatch.GetElapsedTime(0);
        TimeSpan wait = state.Backoff.After(now - state.StartedAt);
        state.StartAt = now + wait;
        return wait;
    }

    private void RestartWhatIsDue()
    {
        TimeSpan now = Stopwatch.GetElapsedTime(0);
        foreach (State state in _states)
        {
            if (state.Pids.Count == 0 && state.StartAt <= now)
            {
                Start(state);
            }
            else if (state.IsDraining && state.DrainUntil <= now)
            {
                SignalAll(state, Kill);
            }
        }
    }

    /// <summary>Listeners before delivery before the queue writer.</summary>
    private void StopAll()
    {
        TimeSpan deadline = Stopwatch.GetElapsedTime(0) + StopTime;
        foreach (IGrouping<int, State> layer in
            _states.GroupBy(state => state.Unit.Layer).OrderByDescending(group => group.Key))
        {
            foreach (State state in layer)
            {
                state.Unit.Stop(state.Pids.Keys);
            }

            while (layer.Any(state => state.Pids.Count > 0))
            {
                TimeSpan left = deadline - Stopwatch.GetElapsedTime(0);
                if (left <= TimeSpan.Zero)
                {
                    left = TimeSpan.FromMilliseconds(100);
                    Array.ForEach(_states, state => SignalAll(state, Kill));
                }

                signals.Wait(left, PassOn);
                Reap();
            }
        }
    }

    /// <summary>Under supervise, what we are sent is meant for qmail-send: qmail's qmail-start
    /// became it.</summary>
    private void PassOn(int signal)
    {
        foreach ((int pid, string child) in _states.SelectMany(state => state.Pids))
        {
            if (child == DeliveryUnit.Send)
            {
                Processes.Signal(pid, signal);
            }
        }
    }

    private static void SignalAll(State state, int signal)
    {
        foreach (int pid in state.Pids.Keys)
        {
            Processes.Signal(pid, signal);
        }
    }

    private static string Text(TimeSpan time) =>
        time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    private void Log(string line) => Fd.WriteAll(2, ByteText.ToBytes($"{name}: {line}\n"));

    private sealed class State(IUnit unit)
    {
        internal IUnit Unit { get; } = unit;

        internal Backoff Backoff { get; } = new();

        internal Dictionary<int, string> Pids { get; set; } = [];

        internal TimeSpan StartedAt { get; set; }

        internal TimeSpan StartAt { get; set; }

        internal bool IsDraining { get; set; }

        internal TimeSpan DrainUntil { get; set; }
    }
}
