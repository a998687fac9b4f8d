using System.Diagnostics;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Start;

/// <summary>
/// Keeps units running: starts again with back-off what ends, stops all in order. One thread.
/// </summary>
internal sealed class Supervisor(IReadOnlyList<Unit> units, SupervisorSignals signals, string name)
{
    private const int Kill = 9;
    private const int Terminate = 15;
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(4.5);
    private static readonly TimeSpan KillPause = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(60);

    // Open until this process ends, and with its end all hear of that.
    private readonly (int Read, int Write) _lifeline = Fd.Pipe();

    /// <summary>Starts all units in order, and runs until a signal says stop.</summary>
    /// <param name="ready">Called once all have been started.</param>
    internal void Run(Action ready)
    {
        foreach (Unit unit in units)
        {
            Start(unit);
        }

        ready();
        while (!signals.StopAsked)
        {
            Wait(units.Min(unit => unit.Due) - Now());
            foreach (Unit unit in units.Where(unit => unit.Due <= Now()))
            {
                if (unit.Running.Count == 0)
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
        unit.StartedAt = Now();
        unit.Due = null;
        try
        {
            unit.Start(_lifeline.Read);
        }
        catch (PosixException e)
        {
            unit.Signal(Terminate); // What could be started of it.
            Again(unit, $"unable to start {unit.Name}: {e.Message}; trying");
        }
    }

    private void Wait(TimeSpan? longest)
    {
        int signal = signals.Wait(longest);
        if (signal is SupervisorSignals.Reread or SupervisorSignals.Alarm)
        {
            // Under supervise, what we are sent is meant for qmail-send: qmail's qmail-start
            // became it.
            units.FirstOrDefault(unit => unit.Name == HostPlan.Send)?.Tell(signal);
        }

        foreach (Unit unit in units)
        {
            foreach ((int pid, string child) in unit.Running.ToArray())
            {
                if (Processes.TryWait(pid) is { } status)
                {
                    unit.Running.Remove(pid);
                    NoteEnd(unit, child, status);
                }
            }
        }
    }

    private void NoteEnd(Unit unit, string child, WaitStatus status)
    {
        string what = status.Crashed
            ? $"{child} ended by signal {status.Signal}"
            : $"{child} ended with code {status.ExitCode}";
        if (signals.StopAsked)
        {
            return;
        }

        if (unit.Running.Count == 0)
        {
            Again(unit, $"{what}; starting");
        }
        else
        {
            // The pipes tell the rest of the unit, which finishes what it can and ends too.
            Log(unit.Due is null ? $"{what}; the rest drains" : what);
            unit.Due ??= Now() + DrainTime;
        }
    }

    private void Again(Unit unit, string why)
    {
        TimeSpan wait = unit.Backoff.After(Now() - unit.StartedAt);
        unit.Due = Now() + wait;
        string seconds = wait.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
        Log($"{why} again in {seconds} s");
    }

    /// <summary>Listeners before delivery before the queue writer.</summary>
    private void StopAll()
    {
        TimeSpan deadline = Now() + StopTime;
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
                    foreach (Unit unit in units)
                    {
                        unit.Signal(Kill);
                    }
                }

                Wait(left);
            }
        }
    }

    private static TimeSpan Now() => Stopwatch.GetElapsedTime(0);

    private void Log(string line) => Fd.WriteAll(2, ByteText.ToBytes($"{name}: {line}\n"));
}
