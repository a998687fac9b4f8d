using System.Runtime.InteropServices;
using Kopis.Posix;

namespace Kopis.Start;

/// <summary>SIGCHLD, and the signals that mean stop, as bytes of a pipe.</summary>
internal sealed class SupervisorSignals : IDisposable
{
    private const byte Stop = 1;
    private const byte Child = 2;

    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly int _read;
    private readonly int _write;

    internal SupervisorSignals()
    {
        (_read, _write) = Fd.Pipe();
        Fd.SetNonBlocking(_read, true);
        Fd.SetNonBlocking(_write, true);
        Register(PosixSignal.SIGCHLD, Child);
        Register(PosixSignal.SIGTERM, Stop);
        Register(PosixSignal.SIGINT, Stop);
        Register(PosixSignal.SIGQUIT, Stop);
    }

    /// <summary>A signal that means stop has come.</summary>
    internal bool StopAsked { get; private set; }

    /// <summary>Waits for a signal; null waits for ever.</summary>
    internal void Wait(TimeSpan? timeout)
    {
        Poller poller = new();
        poller.Add(_read, read: true);
        poller.Wait(timeout);
        Span<byte> bytes = stackalloc byte[64];
        int got = Fd.Read(_read, bytes);
        StopAsked |= got > 0 && bytes[..got].Contains(Stop);
    }

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        Fd.Close(_read);
        Fd.Close(_write);
    }

    private void Register(PosixSignal signal, byte meaning) =>
        _registrations.Add(PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            Fd.Write(_write, [meaning]);
        }));
}
