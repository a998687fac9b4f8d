using System.Buffers;
using System.Runtime.CompilerServices;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Send;

/// <summary>qmail-send's log lines, exactly as in qmail (contract §6.4). The lines of a turn are
/// written together.</summary>
/// <param name="write">Writes the lines of a turn.</param>
internal sealed class SendLog(Action<ReadOnlyMemory<byte>> write)
{
    private readonly bool _hasPriorities;
    private int _lineStart;

    private const int PieceBytes = 4096; // PIPE_BUF.
    private const int BufferedMax = 64 * 1024; // A start with a long queue logs much in one turn.

    /// <summary>Makes a log that writes to a descriptor. If the logger is gone, mail goes on, as in
    /// qmail.</summary>
    internal SendLog(int fd)
        : this(lines => WriteTo(fd, lines.Span)) => _hasPriorities = LogPriority.IsJournal(fd);

    /// <summary>The same events as records for programs; dropped unless this is set.</summary>
    internal SendJournal Journal { get; init; } = new(static (_, _) => { });

    /// <summary>Lines that are not written yet; <see cref="LogLine"/> adds to them.</summary>
    internal ArrayBufferWriter<byte> Buffer { get; } = new(4096);

    /// <summary>Adds a line; bytes from outside are made safe.</summary>
    // The handler wrote the text into the buffer before the call.
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

    /// <summary>Logs a new message, in the journal too.</summary>
    internal void Arrived(
        ulong number, long bytes, ReadOnlySpan<byte> sender, ulong qp, uint uid, int recipients)
    {
        Line($"new msg {number}");
        Line($"info msg {number}: bytes {bytes} from <{sender}> qp {qp} uid {uid}");
        Journal.New(number, bytes, sender, qp, uid, recipients);
    }

    /// <summary>Logs a warning or alert, with the system's reason.</summary>
    internal void Trouble(string words, Exception reason) =>
        Line($"{words}: {ByteText.ToBytes(reason.Message).AsSpan()}");

    /// <summary>Writes the lines that were added.</summary>
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

    // systemd's journal reads the priority of a line from its beginning.
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

    /// <summary>Writes whole lines, at most as many bytes as a pipe takes in one piece (pipe(7)):
    /// other writers to the same pipe would otherwise split our lines.</summary>
    private static void WriteTo(int fd, ReadOnlySpan<byte> lines)
    {
        try
        {
            while (!lines.IsEmpty)
            {
                int last = lines[..Math.Min(PieceBytes, lines.Length)].LastIndexOf((byte)'\n');
                int end = last >= 0 ? last : lines.IndexOf((byte)'\n'); // A single longer line.
                ReadOnlySpan<byte> piece = end >= 0 ? lines[..(end + 1)] : lines;
                Fd.WriteAll(fd, piece);
                lines = lines[piece.Length..];
            }
        }
        catch (PosixException)
        {
            // There is nobody left to report this to.
        }
    }
}
