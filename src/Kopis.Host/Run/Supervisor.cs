using System.Diagnostics;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>Keeps units running: starts what has ended again, with growing waits, and at the end
/// stops all units in order. Not thread-safe.</summary>
/// <param name="units">The units.</param>
/// <param name="signals">The signals that this process gets.</param>
/// <param name="name">The name of this program in the log.</param>
/// <param name="next">For <c>kopis run</c>: replaces this process by an updated program.</param>
internal sealed class Supervisor(
    IReadOnlyList<Unit> units, SupervisorSignals signals, string name, Succession? next = null)
{
    private const int Kill = 9, Terminate = 15, Continue = 18, StopsMax = 3;
    private static readonly TimeSpan KillPause = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan QuietTime = TimeSpan.FromMinutes(1);
    private TimeSpan _lookedAt;

    // A pipe that stays open until this process ends; its children notice that end.
    private readonly (int Read, int Write) _lifeline = Fd.Pipe();

    /// <summary>Starts all units in order, and runs until a signal says stop, or an updated program
    /// can take over.</summary>
    /// <param name="ready">Called when all units have been started.</param>
    internal void Run(Action ready)
    {
        Array.ForEach([.. units], Start);
        ready();
        while (!signals.StopAsked && next?.IsReady() != true)
        {
            Wait(units.Min(unit => unit.Due ?? TimeSpan.MaxValue) - Now());
            foreach (Unit unit in units.Where(unit => unit.Due <= Now()))
            {
                if (unit.Running.Count == 0 && !unit.IsDraining)
                {
                    Start(unit);
                }
                else
                {
                    unit.Signal(Kill);
                    unit.Due = Now() + KillPause;
                }
            }
        }

        StopAll();
    }

    private void Start(Unit unit)
    {
        (unit.StartedAt, unit.Due) = (Now(), null);
        try
        {
            unit.Start(_lifeline.Read);
        }
        catch (PosixException e)
        {
            unit.Signal(Terminate); // Ends the parts that could be started.
            Again(unit, $"unable to start {unit.Name}: {e.Message}; trying");
        }
    }

    private void Wait(TimeSpan? longest)
    {
        int signal = signals.Wait(longest < LookPause ? longest : LookPause);
        if (signal is SupervisorSignals.Reread or SupervisorSignals.Alarm)
        {
            // Under supervise, signals to this process are meant for qmail-send, since qmail's
            // qmail-start becomes qmail-send.
            units.FirstOrDefault(unit => unit.Name == HostPlan.Send)?.Tell(signal);
        }

        foreach (Unit unit in units)
        {
            foreach ((int pid, string child) in unit.Running.ToArray())
            {
                if (Processes.TryWait(pid) is { } status)
                {
                    unit.Running.Remove(pid);
                    if (!signals.StopAsked && !unit.IsDraining)
                    {
                        NoteEnd(unit, child, status);
                    }
                }
            }
        }

        if (Now() - _lookedAt >= LookPause)
        {
            _lookedAt = Now();
            Array.ForEach([.. units], ContinueStopped);
        }
    }

    /// <summary>Continues processes that somebody has stopped (SIGSTOP): ours, what they started,
    /// and the listeners, whose own supervisor does not notice. If one of ours is found stopped
    /// several times in a row, it is ended, so that it starts anew.</summary>
    private void ContinueStopped(Unit unit)
    {
        List<int> stopped = Processes.Stopped(unit.Running.Keys, unit.Clients);
        unit.Stops = stopped.Where(unit.Running.ContainsKey)
            .ToDictionary(pid => pid, pid => unit.Stops.GetValueOrDefault(pid) + 1);
        foreach (int pid in stopped)
        {
            bool ends = unit.Stops.GetValueOrDefault(pid) >= StopsMax;
            Processes.Signal(pid, ends ? Kill : Continue);
            if (ends || Now() >= unit.QuietUntil)
            {
                unit.QuietUntil = Now() + QuietTime;
                string who = unit.Running.GetValueOrDefault(pid, $"a process of {unit.Name}");
                Log($"{who} ({pid}) was stopped; {(ends ? "ended" : "continued")}");
            }
        }
    }

    private void NoteEnd(Unit unit, string child, WaitStatus status)
    {
        string what = $"{child} {status}";
        if (unit.Running.Count == 0)
        {
            Again(unit, $"{what}; starting");
        }
        else
        {
            // The rest of the unit notices by its pipes, finishes what it can, and ends, too.
            Log(unit.Due is null ? $"{what}; the rest drains" : what);
            unit.Due ??= Now() + DrainTime;
        }
    }

    private void Again(Unit unit, string why)
    {
        TimeSpan wait = unit.Backoff.After(Now() - unit.StartedAt);
        unit.Due = Now() + wait;
        Log($"{why} again in {wait.TotalSeconds:0.#} s");
    }

    /// <summary>Stops the listeners first, then delivery, and at last the queue writer.</summary>
    private void StopAll()
    {
        TimeSpan deadline = Now() + (next?.StopTime ?? Succession.DeliveryTime);
        foreach (IGrouping<int, Unit> layer in
            units.GroupBy(unit => unit.Layer).OrderByDescending(group => group.Key))
        {
            foreach (Unit unit in layer)
            {
                unit.Tell(Terminate);
            }

            while (layer.Any(unit => unit.Running.Count > 0))
            {
                TimeSpan left = deadline - Now();
                if (left <= TimeSpan.Zero)
                {
                    left = KillPause;
                    Array.ForEach([.. units], unit => unit.Signal(Kill));
                }

                Wait(left);
            }
        }
    }

    /// <summary>The monotonic clock.</summary>
    internal static TimeSpan Now() => Stopwatch.GetElapsedTime(0);

    private void Log(string line) => ErrorLog.Write($"{name}: warning: {line}");
}
