using System.Runtime.InteropServices;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>SIGUSR2 to <c>kopis run</c>: all that it runs ends in order, and it becomes the program
/// that lies by now where it was started from, as the same process and with its ports.</summary>
internal sealed class Handover : IDisposable
{
    private const int User = 12, Terminate = 15; // SIGUSR2, SIGTERM

    private readonly HeldPorts _ports;
    private readonly string _binary =
        File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)!.FullName;

    private readonly PosixSignalRegistration _registration;
    private volatile bool _isAsked;

    internal Handover(HeldPorts ports)
    {
        _ports = ports;
        _registration = PosixSignalRegistration.Create((PosixSignal)User, OnSignal);
    }

    /// <summary>Once all has ended: returns if that was for good.</summary>
    internal void ExecIfAsked()
    {
        if (_isAsked)
        {
            _ports.Exec(_binary);
        }
    }

    public void Dispose() => _registration.Dispose();

    private void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (Fd.TryStatus(Fd.PathBytes(_binary), out _) is { IsRegular: true })
        {
            _isAsked = true;
            Processes.Signal(Processes.Id, Terminate); // The supervisor's own way to stop.
        }
        else
        {
            ErrorLog.Write($"kopis: there is no program {_binary}; nothing is started anew");
        }
    }
}
