using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Queue.Writer;

namespace Kopis.Inject;

/// <summary><c>qmail-queue --serve</c>: the queue writer's process.</summary>
internal static class QueueWriterProgram
{
    private const int WriterMask = 0x17; // 027: the group qmail reads, others nothing.
    private const int StandardError = 2;

    internal static int Run(ProgramContext context)
    {
        Processes.SetFileModeMask(WriterMask);
        Lifeline.Watch(context);
        Confinement.RefusePrograms();
        SocketThreads.ServeInline(); // Sessions copy and wait; syncs have threads of their own.
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration term =
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
        using QueueWriter writer = new(
            context.Home, TimeProvider.System, Log,
            IntakeLimits.Read(ControlDirectory.Of(context)));
        writer.RunAsync(stop.Token).GetAwaiter().GetResult();
        return ExitCode.Success;
    }

    private static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    private static void Log(string line) =>
        Fd.WriteAll(StandardError, ByteText.ToBytes(LogPriority.Mark($"qmail-queue: {line}\n")));
}
