using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Net.Listener;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>
/// SIGUSR2 to <c>kopis run</c>: deliveries that are under way end, while mail is still taken; then
/// sessions; and once all else has ended too, the process becomes the program that lies by now
/// where it was started from, with its ports. Signals for qmail-send wait meanwhile.
/// </summary>
internal sealed class Succession : IDisposable
{
    /// <summary>How long deliveries may go on: kopis.service has TimeoutStopSec=45.</summary>
    internal static readonly TimeSpan DeliveryTime = TimeSpan.FromSeconds(30);

    private const int User = 12, Terminate = 15, Child = 17; // SIGUSR2, SIGTERM, SIGCHLD
    private const string OwedAlarm = "KOPIS_ALARM";
    private static readonly int[] Stops = [2, 3, Terminate]; // SIGINT, SIGQUIT, SIGTERM

    // tcpserver gives sessions ten seconds, and has two to end.
    private static readonly TimeSpan SessionTime = TimeSpan.FromSeconds(12);

    // In which the runtime hands on what signals came before they were let go.
    private static readonly TimeSpan LateSignalTime = TimeSpan.FromSeconds(0.5);

    private static readonly int[] Heard = [User, SupervisorSignals.Reread, SupervisorSignals.Alarm];

    private readonly ProgramContext _context;
    private readonly ConcurrentDictionary<int, bool> _owed = []; // No qmail-send has had them.
    private readonly PosixSignalRegistration[] _registrations;
    private readonly string _binary =
        File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)!.FullName;

    private volatile bool _isAsked;

    /// <summary>From now on SIGUSR2 is heard.</summary>
    /// <param name="context">Arguments and environment. What the predecessor left there for this
    /// is taken out.</param>
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

    /// <summary>How long a stop for good may take, and the end of all else before the successor:
    /// containers and people wait for it.</summary>
    internal TimeSpan StopTime { get; } = TimeSpan.FromSeconds(4.5);

    /// <summary>What the host runs.</summary>
    internal IReadOnlyList<Unit> Units { get; set; } = [];

    /// <summary>To be asked again and again: whether a successor is wanted, and deliveries and
    /// sessions have ended for it.</summary>
    internal bool IsReady()
    {
        TellOwed();
        return _isAsked
            && HaveEnded(HostPlan.Send, DeliveryTime, Terminate)
            && HaveEnded("tcpserver", SessionTime, InheritedListener.HandoverSignal);
    }

    /// <summary>Becomes the successor, if that was asked for and nothing that means stop has come
    /// before or since. All has ended.</summary>
    /// <exception cref="PosixException">It cannot be run.</exception>
    internal void ExecIfAsked(HeldPorts ports, SupervisorSignals signals)
    {
        if (!_isAsked || signals.StopAsked)
        {
            return;
        }

        // From here on stops end this process at once, as they end the next until it hears them.
        Array.ForEach(Stops, Processes.ResetSignal);

        // The others end the next too. Who sends one looks whether it is heard, and then sends it:
        // for a while that is not so, and it does no harm.
        Array.ForEach(Heard, Processes.IgnoreSignal);
        if (!signals.WaitForStop(LateSignalTime))
        {
            bool owes = _owed.ContainsKey(SupervisorSignals.Alarm); // It reads all files anyway.
            _context.Environment[OwedAlarm] = owes ? "1"u8.ToArray() : null;

            // The runtime of the next leaves alone what is ignored.
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

    // One that has just been started would be ended by them, and one that is ending would not obey.
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
