using System.Buffers;
using System.Runtime.CompilerServices;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Send;

/// <summary>qmail-send's log lines, to the letter (contract §6.4), gathered for one write a turn.
/// </summary>
/// <param name="write">Takes the lines of a turn.</param>
internal sealed class SendLog(Action<ReadOnlyMemory<byte>> write)
{
    private const int BufferedMax = 64 * 1024; // A start with a long queue says much in one turn.

    /// <summary>A log on a descriptor. A logger that is gone does not stop mail, as in qmail.
    /// </summary>
    internal SendLog(int fd)
        : this(lines => WriteTo(fd, lines.Span))
    {
    }

    /// <summary>Lines not written yet; <see cref="LogLine"/> adds to it.</summary>
    internal ArrayBufferWriter<byte> Buffer { get; } = new(4096);

    /// <summary>Adds one line; foreign bytes in it are made safe.</summary>
    // The handler wrote the words into the buffer before the call.
#pragma warning disable IDE0060, CA1801
    internal void Line([InterpolatedStringHandlerArgument("")] LogLine line)
#pragma warning restore IDE0060, CA1801
    {
        Buffer.WriteByte((byte)'\n');
        if (Buffer.WrittenCount >= BufferedMax)
        {
            Flush();
        }
    }

    /// <summary>A warning or alert with what the system said of it.</summary>
    internal void Trouble(string words, Exception reason) =>
        Line($"{words}: {ByteText.ToBytes(reason.Message).AsSpan()}");

    /// <summary>Writes what was added.</summary>
    internal void Flush()
    {
        if (Buffer.WrittenCount > 0)
        {
            write(Buffer.WrittenMemory);
            Buffer.ResetWrittenCount();
        }
    }

    /// <summary>Writes a line at once, from any thread.</summary>
    internal static void WriteNow(int fd, string line) =>
        WriteTo(fd, ByteText.ToBytes(line + "\n"));

    private static void WriteTo(int fd, ReadOnlySpan<byte> lines)
    {
        try
        {
            Fd.WriteAll(fd, lines);
        }
        catch (PosixException)
        {
            // Nobody is left to tell.
        }
    }
}
