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
    private readonly bool _hasPriorities;
    private int _lineStart;

    private const int PieceBytes = 4096; // PIPE_BUF.
    private const int BufferedMax = 64 * 1024; // A start with a long queue says much in one turn.

    /// <summary>A log on a descriptor. A logger that is gone does not stop mail, as in qmail.
    /// </summary>
    internal SendLog(int fd)
        : this(lines => WriteTo(fd, lines.Span)) => _hasPriorities = LogPriority.IsJournal(fd);

    /// <summary>The same for machines; goes nowhere unless it is set.</summary>
    internal SendJournal Journal { get; init; } = new(static (_, _) => { });

    /// <summary>Lines not written yet; <see cref="LogLine"/> adds to it.</summary>
    internal ArrayBufferWriter<byte> Buffer { get; } = new(4096);

    /// <summary>Adds one line; foreign bytes in it are made safe.</summary>
    // The handler wrote the words into the buffer before the call.
#pragma warning disable IDE0060, CA1801
    internal void Line([InterpolatedStringHandlerArgument("")] LogLine line)
#pragma warning restore IDE0060, CA1801
    {
        Buffer.WriteByte((byte)'\n');
        Mark();
        if (Buffer.WrittenCount >= BufferedMax)
        {
            Flush();
        }
    }

    /// <summary>A new message, in the journal too.</summary>
    internal void Arrived(
        ulong number, long bytes, ReadOnlySpan<byte> sender, ulong qp, uint uid, int recipients)
    {
        Line($"new msg {number}");
        Line($"info msg {number}: bytes {bytes} from <{sender}> qp {qp} uid {uid}");
        Journal.New(number, bytes, sender, qp, uid, recipients);
    }

    /// <summary>A warning or alert with what the system said of it.</summary>
    internal void Trouble(string words, Exception reason) =>
        Line($"{words}: {ByteText.ToBytes(reason.Message).AsSpan()}");

    /// <summary>Writes what was added.</summary>
    internal void Flush()
    {
        Journal.Flush();
        if (Buffer.WrittenCount > 0)
        {
            write(Buffer.WrittenMemory);
            Buffer.ResetWrittenCount();
            _lineStart = 0;
        }
    }

    // The journal of systemd reads how much a line matters from its beginning.
    private void Mark()
    {
        ReadOnlySpan<byte> line = Buffer.WrittenSpan[_lineStart..];
        if (_hasPriorities && (line.StartsWith("alert: "u8) || line.StartsWith("warning: "u8)))
        {
            byte[] text = line.ToArray();
            ReadOnlySpan<byte> kept = Buffer.WrittenSpan[.._lineStart];
            byte[] before = kept.ToArray();
            Buffer.ResetWrittenCount();
            Buffer.Write(before);
            Buffer.Write(text[0] == 'a' ? "<1>"u8 : "<4>"u8);
            Buffer.Write(text);
        }

        _lineStart = Buffer.WrittenCount;
    }

    /// <summary>Writes a line at once, from any thread.</summary>
    internal static void WriteNow(int fd, string line) =>
        WriteTo(fd, ByteText.ToBytes(line + "\n"));

    /// <summary>Whole lines, and no more at once than a pipe takes in one piece (pipe(7)): others
    /// may write to the same one, and their lines would split ours.</summary>
    private static void WriteTo(int fd, ReadOnlySpan<byte> lines)
    {
        try
        {
            while (!lines.IsEmpty)
            {
                int last = lines[..Math.Min(PieceBytes, lines.Length)].LastIndexOf((byte)'\n');
                int end = last >= 0 ? last : lines.IndexOf((byte)'\n'); // One longer line.
                ReadOnlySpan<byte> piece = end >= 0 ? lines[..(end + 1)] : lines;
                Fd.WriteAll(fd, piece);
                lines = lines[piece.Length..];
            }
        }
        catch (PosixException)
        {
            // Nobody is left to tell.
        }
    }
}
