using System.Runtime.InteropServices;
using Kopis.Posix;

namespace Kopis.Send;

/// <summary>Turns signals into bytes of a pipe, so that the loop can wait for them.</summary>
internal sealed class SendSignals : ISendSignals, IDisposable
{
    private const int Alarm = 14;

    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly int _write;

    internal SendSignals()
    {
        (ReadFd, _write) = Fd.Pipe();
        Fd.SetNonBlocking(ReadFd, true);
        Fd.SetNonBlocking(_write, true);
        Register(PosixSignal.SIGTERM, SendSignal.Terminate);
        Register(PosixSignal.SIGHUP, SendSignal.Reread);
        Register((PosixSignal)Alarm, SendSignal.RunAll);
    }

    public int ReadFd { get; }

    public SendSignal Read()
    {
        Span<byte> bytes = stackalloc byte[64];
        SendSignal signals = SendSignal.None;
        int got = Fd.Read(ReadFd, bytes);
        for (int i = 0; i < got; i++)
        {
            signals |= (SendSignal)bytes[i];
        }

        return signals;
    }

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        Fd.Close(ReadFd);
        Fd.Close(_write);
    }

    private void Register(PosixSignal signal, SendSignal meaning) =>
        _registrations.Add(PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            Fd.Write(_write, [(byte)meaning]);
        }));
}
