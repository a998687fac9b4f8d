using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Net.Listener;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>
/// Handles SIGUSR2 to <c>kopis run</c>, which restarts it as an updated program. Deliveries under
/// way end first, while mail is still accepted; then sessions. When all other programs have ended
/// too, the process executes the program at the path from which it was started, and passes its
/// listening sockets on. Signals for qmail-send wait meanwhile.
/// </summary>
internal sealed class Succession : IDisposable
{
    /// <summary>How long deliveries may go on: kopis.service has TimeoutStopSec=45.</summary>
    internal static readonly TimeSpan DeliveryTime = TimeSpan.FromSeconds(30);

    private const int User = 12, Terminate = 15, Child = 17; // SIGUSR2, SIGTERM, SIGCHLD
    private const string OwedAlarm = "KOPIS_ALARM";
    private static readonly int[] Stops = [2, 3, Terminate]; // SIGINT, SIGQUIT, SIGTERM

    // tcpserver gives sessions ten seconds, and has two more to end.
    private static readonly TimeSpan SessionTime = TimeSpan.FromSeconds(12);

    // Time for the runtime to deliver signals that came before they were ignored.
    private static readonly TimeSpan LateSignalTime = TimeSpan.FromSeconds(0.5);

    private static readonly int[] Heard = [User, SupervisorSignals.Reread, SupervisorSignals.Alarm];

    private readonly ProgramContext _context;
    private readonly ConcurrentDictionary<int, bool> _owed = []; // Not yet passed to a qmail-send.
    private readonly PosixSignalRegistration[] _registrations;
    private readonly string _binary =
        File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)!.FullName;

    private volatile bool _isAsked;

    /// <summary>Handles SIGUSR2 from now on.</summary>
    /// <param name="context">Arguments and environment. What the previous program left in it for
    /// this class is removed.</param>
    internal Succession(ProgramContext context)
    {
        _context = context;
        if (context.Environment[OwedAlarm] is not null)
        {
            context.Environment[OwedAlarm] = null;
            _owed[SupervisorSignals.Alarm] = true;
        }

        _registrations = [.. Heard.Select(number =>
            PosixSignalRegistration.Create((PosixSignal)number, signal =>
            {
                signal.Cancel = true;
                OnSignal(number);
            }))];
    }

    /// <summary>How long all programs may take to end, at a final stop or before a restart:
    /// containers and people wait for it.</summary>
    internal TimeSpan StopTime { get; } = TimeSpan.FromSeconds(4.5);

    /// <summary>What the host runs.</summary>
    internal IReadOnlyList<Unit> Units { get; set; } = [];

    /// <summary>Whether a restart was asked for, and deliveries and sessions have ended. To be
    /// called repeatedly.</summary>
    internal bool IsReady()
    {
        TellOwed();
        return _isAsked
            && HaveEnded(HostPlan.Send, DeliveryTime, Terminate)
            && HaveEnded("tcpserver", SessionTime, InheritedListener.HandoverSignal);
    }

    /// <summary>Executes the updated program, if a restart was asked for and no signal that means
    /// stop has come. All other programs must have ended.</summary>
    /// <exception cref="PosixException">The program cannot be run.</exception>
    internal void ExecIfAsked(HeldPorts ports, SupervisorSignals signals)
    {
        if (!_isAsked || signals.StopAsked)
        {
            return;
        }

        // From here on a stop ends this process at once, as it ends the next one until that handles
        // it.
        Array.ForEach(Stops, Processes.ResetSignal);

        // The other signals would end the next program too, so they are ignored for a while.
        // Senders check first whether the signal is handled.
        Array.ForEach(Heard, Processes.IgnoreSignal);
        if (!signals.WaitForStop(LateSignalTime))
        {
            bool owes = _owed.ContainsKey(SupervisorSignals.Alarm); // It reads all files anyway.
            _context.Environment[OwedAlarm] = owes ? "1"u8.ToArray() : null;

            // The next program's runtime would leave ignored signals ignored.
            Array.ForEach(Heard, Processes.ResetSignal);
            ports.Exec(_binary);
        }
    }

    public void Dispose() =>
        Array.ForEach(_registrations, registration => registration.Dispose());

    private void OnSignal(int number)
    {
        if (number != User)
        {
            _owed[number] = true;
            Processes.Signal(Processes.Id, Child); // Wakes the supervisor.
        }
        else if (Fd.TryStatus(Fd.PathBytes(_binary), out _) is { IsRegular: true })
        {
            _isAsked = true;
            Processes.Signal(Processes.Id, Child);
        }
        else
        {
            ErrorLog.Write(
                $"kopis: warning: there is no program {_binary}; nothing is started anew");
        }
    }

    // They would end a qmail-send that has just been started, and one that is ending would ignore
    // them.
    private void TellOwed()
    {
        int leader = Units.Where(unit => !unit.IsDraining).SelectMany(unit => unit.Running)
            .FirstOrDefault(process => process.Value == HostPlan.Send).Key;
        foreach (int signal in _owed.Keys)
        {
            if (leader > 0 && Processes.Catches(leader, signal) && _owed.TryRemove(signal, out _))
            {
                Processes.Signal(leader, signal);
            }
        }
    }

    private bool HaveEnded(string name, TimeSpan time, int signal)
    {
        Unit[] units = [.. Units.Where(unit => unit.Name == name)];
        foreach (Unit unit in units.Where(unit => !unit.IsDraining))
        {
            unit.IsDraining = true;
            unit.Due = unit.Running.Count > 0 ? Supervisor.Now() + time : null;
            unit.Tell(signal);
            if (name == HostPlan.Send)
            {
                ErrorLog.Write("kopis: starts anew once deliveries that are under way have ended, "
                    + $"in {time.TotalSeconds} s at most");
            }
        }

        foreach (Unit unit in units.Where(unit => unit.Running.Count == 0))
        {
            unit.Due = null;
        }

        return units.All(unit => unit.Running.Count == 0);
    }
}
