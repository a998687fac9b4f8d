using System.Buffers;
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

    // HUP, INT, QUIT, XCPU, XFSZ, VTALRM, PROF: sig_miscignore of qmail-queue.c.
    private static ReadOnlySpan<int> SignalsIgnored => [1, 2, 3, 24, 25, 26, 27];

    /// <summary>Runs the program; prints nothing as a client.</summary>
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
        while ((got = Read(Message, block)) > 0)
        {
            queue.Write(block.AsSpan(0, got));
        }

        ArrayBufferWriter<byte> envelope = new(1024);
        int code = ReadEnvelope(block, envelope);
        return code != 0 ? code : queue.Finish(envelope.WrittenSpan).Code;
    }

    /// <summary>
    /// Reads to the envelope's final NUL and no further: a caller may keep its end open.
    /// </summary>
    private static int ReadEnvelope(byte[] block, ArrayBufferWriter<byte> to)
    {
        EnvelopeReader reader = default;
        while (!reader.IsOver)
        {
            int got = Read(Envelope, block);
            if (got == 0)
            {
                break; // Before the final NUL: code 54.
            }

            to.Write(block.AsSpan(0, reader.Read(block.AsSpan(0, got))));
            if (to.WrittenCount > QueueLimits.EnvelopeBytesMax)
            {
                return QueueCode.OutOfMemory;
            }
        }

        return reader.Code;
    }

    /// <summary>Reads once; zero is the end. A descriptor that somebody made non-blocking is
    /// waited for: it has not ended.</summary>
    private static int Read(int fd, byte[] to)
    {
        int got;
        while ((got = Fd.Read(fd, to)) < 0)
        {
            Poller.WaitReadable(fd, Death);
        }

        return got;
    }
}
