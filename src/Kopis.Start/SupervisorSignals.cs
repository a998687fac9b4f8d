using System.Runtime.InteropServices;
using Kopis.Posix;

namespace Kopis.Start;

/// <summary>SIGCHLD, the signals that mean stop, and those for qmail-send, as bytes of a pipe.
/// </summary>
internal sealed class SupervisorSignals : IDisposable
{
    private const byte Stop = 15;
    private const byte Child = 17;
    private const byte Reread = 1; // SIGHUP
    private const byte Alarm = 14;

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
        Register(PosixSignal.SIGHUP, Reread);
        Register((PosixSignal)Alarm, Alarm);
    }

    /// <summary>A signal that means stop has come.</summary>
    internal bool StopAsked { get; private set; }

    /// <summary>Waits for a signal; null waits for ever.</summary>
    /// <param name="timeout">At most so long.</param>
    /// <param name="forSend">Gets SIGHUP and SIGALRM, by number.</param>
    internal void Wait(TimeSpan? timeout, Action<int>? forSend = null)
    {
        Poller poller = new();
        poller.Add(_read, read: true);
        poller.Wait(timeout);
        Span<byte> bytes = stackalloc byte[64];
        int got = Fd.Read(_read, bytes);
        foreach (byte signal in bytes[..Math.Max(got, 0)])
        {
            StopAsked |= signal == Stop;
            if (signal is Reread or Alarm)
            {
                forSend?.Invoke(signal);
            }
        }
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
