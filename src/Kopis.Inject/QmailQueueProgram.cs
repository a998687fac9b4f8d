using System.Buffers;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Inject;

/// <summary><c>qmail-queue</c>: reads the message on fd 0 and the envelope on fd 1, and returns an
/// exit code (contract §5.1). It is a thin client of the queue writer; with <c>--serve</c> it is
/// the queue writer.</summary>
public static class QmailQueueProgram
{
    // HUP, INT, QUIT, XCPU, XFSZ, VTALRM and PROF, as in sig_miscignore of qmail-queue.c.
    private static ReadOnlySpan<int> SignalsIgnored => [1, 2, 3, 24, 25, 26, 27];

    /// <summary>Runs the program, which prints nothing as a client.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count == 1 && context.ArgumentText(0) == "--serve")
        {
            return QueueWriterProgram.Run(context);
        }

        foreach (int signal in SignalsIgnored)
        {
            Processes.IgnoreSignal(signal);
        }

        using Timer death = new(_ => Processes.ExitNow(QueueCode.Timeout), null, ClientInput.Death,
            Timeout.InfiniteTimeSpan);
        try
        {
            return Submit(context);
        }
        catch (PosixException)
        {
            return QueueCode.ReadError;
        }
    }

    private static int Submit(ProgramContext context)
    {
        if (!Directory.Exists(context.Home))
        {
            return QueueCode.HomeMissing;
        }

        using IntakeConnection queue = new(context.Home, ClientInput.Death);
        queue.Begin(MessageOrigin.Local, (uint)Processes.Id);
        byte[] block = new byte[QueueLimits.BlockBytesMax];
        int got;
        while ((got = ClientInput.Read(ClientInput.Message, block)) > 0)
        {
            queue.Write(block.AsSpan(0, got));
        }

        ArrayBufferWriter<byte> envelope = new(1024);
        int code = ClientInput.ReadEnvelope(block, envelope);
        return code != 0 ? code : queue.Finish(envelope.WrittenSpan).Code;
    }
}
