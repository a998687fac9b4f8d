using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Receive;

/// <summary>
/// <c>qmail-queue</c>: message on fd 0, envelope on fd 1, exit code (contract §5.1). A thin client
/// of the queue writer; with <c>--serve</c> it is the queue writer.
/// </summary>
public static class QmailQueueProgram
{
    private const int Message = 0;
    private const int Envelope = 1;
    private static readonly TimeSpan Death = TimeSpan.FromSeconds(86_400); // Contract §0.

    /// <summary>Runs the program; prints nothing as a client.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count == 1 && context.ArgumentText(0) == "--serve")
        {
            return QueueWriterProgram.Run(context);
        }

        using Timer death = new(_ => Processes.ExitNow(QueueCode.Timeout), null, Death,
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

        using IntakeConnection queue = new(context.Home, Death);
        queue.Begin(MessageOrigin.Local, (uint)Processes.Id);
        byte[] block = new byte[QueueLimits.BlockBytesMax];
        int got;
        while ((got = Fd.Read(Message, block)) > 0)
        {
            queue.Write(block.AsSpan(0, got));
        }

        using MemoryStream envelope = new();
        while ((got = Fd.Read(Envelope, block)) > 0)
        {
            envelope.Write(block, 0, got);
            if (envelope.Length > QueueLimits.EnvelopeBytesMax)
            {
                return QueueCode.OutOfMemory;
            }
        }

        ReadOnlySpan<byte> bytes = envelope.GetBuffer().AsSpan(0, (int)envelope.Length);
        int code = Queue.Envelope.Check(bytes);
        return code != 0 ? code : queue.Finish(bytes).Code;
    }
}
