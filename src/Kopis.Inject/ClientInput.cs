using System.Buffers;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Inject;

/// <summary>The input of a program that is called as qmail-queue: the message on fd 0, the envelope
/// on fd 1 (contract §5.1).</summary>
internal static class ClientInput
{
    internal const int Message = 0;
    internal const int Envelope = 1;

    /// <summary>How long reading all of it may take (contract §0).</summary>
    internal static readonly TimeSpan Death = TimeSpan.FromSeconds(86_400);

    /// <summary>Reads up to the envelope's final NUL and no further, since a caller may keep its
    /// end open.</summary>
    /// <returns>0, or the exit code of qmail-queue.</returns>
    internal static int ReadEnvelope(byte[] block, ArrayBufferWriter<byte> to)
    {
        EnvelopeReader reader = default;
        while (!reader.IsOver)
        {
            int got = Read(Envelope, block);
            if (got == 0)
            {
                break; // The input ended before the final NUL: code 54.
            }

            to.Write(block.AsSpan(0, reader.Read(block.AsSpan(0, got))));
            if (to.WrittenCount > QueueLimits.EnvelopeBytesMax)
            {
                return QueueCode.OutOfMemory;
            }
        }

        return reader.Code;
    }

    /// <summary>Reads once; zero means the end. If somebody made the descriptor non-blocking, this
    /// waits for input: "would block" is not the end.</summary>
    internal static int Read(int fd, byte[] to)
    {
        int got;
        while ((got = Fd.Read(fd, to)) < 0)
        {
            Poller.WaitReadable(fd, Death);
        }

        return got;
    }
}
