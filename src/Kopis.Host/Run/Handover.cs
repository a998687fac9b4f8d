using System.Runtime.InteropServices;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>SIGUSR2 to <c>kopis run</c>: all that it runs ends in order, and it becomes the program
/// that lies by now where it was started from, as the same process and with its ports.</summary>
internal sealed class Handover : IDisposable
{
    private const int User = 12; // SIGUSR2
    private const int Quit = 3; // SIGQUIT: how this stops the supervisor. Hosts send SIGTERM.
    private static readonly int[] Stops = [2, Quit, 15]; // SIGINT, SIGQUIT, SIGTERM

    private readonly HeldPorts _ports;
    private readonly string _binary =
        File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)!.FullName;

    private readonly PosixSignalRegistration[] _registrations;
    private volatile bool _isAsked, _isForGood;
    private int _quits; // That are not our own.

    /// <summary>From now on SIGUSR2 is heard; the supervisor's signals must be already.</summary>
    internal Handover(HeldPorts ports)
    {
        _ports = ports;
        _registrations = [.. ((int[])[User, .. Stops]).Select(number =>
            PosixSignalRegistration.Create((PosixSignal)number, signal =>
            {
                signal.Cancel = true;
                OnSignal(number);
            }))];
    }

    /// <summary>Once all has ended: returns if that was for good. A signal that means stop counts
    /// for that, whether it came before SIGUSR2 or while all was ending.</summary>
    internal void ExecIfAsked()
    {
        if (_isAsked && !_isForGood && Volatile.Read(ref _quits) <= 0)
        {
            _ports.Exec(_binary);
        }
    }

    public void Dispose() =>
        Array.ForEach(_registrations, registration => registration.Dispose());

    private void OnSignal(int number)
    {
        if (number == Quit)
        {
            Interlocked.Increment(ref _quits);
        }
        else if (number != User)
        {
            _isForGood = true;
        }
        else if (Fd.TryStatus(Fd.PathBytes(_binary), out _) is { IsRegular: true })
        {
            _isAsked = true;
            Interlocked.Decrement(ref _quits);
            Processes.Signal(Processes.Id, Quit); // The supervisor's own way to stop.
        }
        else
        {
            ErrorLog.Write($"kopis: there is no program {_binary}; nothing is started anew");
        }
    }
}
