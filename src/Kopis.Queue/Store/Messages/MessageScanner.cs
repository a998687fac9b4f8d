using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.Store.Messages;

/// <summary>Reads all messages in the order they came, from a position on. It never waits: at the
/// end it reports so, and the next call continues there. An incomplete record at the end of the
/// newest segment is still being written; anywhere else it is damage.</summary>
public sealed class MessageScanner : IDisposable
{
    private const int WindowBytes = 64 * 1024;
    private const int StepBytes = WindowBytes - RecordHeader.Bytes + MessageNumber.Alignment;

    private readonly IFileSystem _files;
    private readonly string _mess;
    private int _fd = -1;

    /// <summary>Begins after <paramref name="position"/>.</summary>
    public MessageScanner(string mess, ScanPosition position)
        : this(FileSystem.Real, mess, position)
    {
    }

    /// <summary>The same on another file system.</summary>
    public MessageScanner(IFileSystem files, string mess, ScanPosition position)
    {
        _files = files;
        _mess = mess;
        Position = position;
    }

    /// <summary>Where the next call continues.</summary>
    public ScanPosition Position { get; private set; }

    /// <summary>If an envelope is longer than this, only the sender is read.</summary>
    internal int EnvelopeBytesMax { get; set; } = QueueLimits.EnvelopeBytesMax;

    /// <summary>Whether <see cref="Current"/> is always disposed before the next call, so that it
    /// needs no descriptor of its own.</summary>
    internal bool LendsSegment { get; init; }

    /// <summary>The message that was just read, which the caller disposes.</summary>
    public MessageFile? Current { get; private set; }

    /// <summary>What was skipped, for the log.</summary>
    public string Damage { get; private set; } = "";

    /// <summary>Reads the next message.</summary>
    /// <exception cref="PosixException">The disk cannot be read now.</exception>
    public ScanResult Next()
    {
        Current = null;
        while (true)
        {
            if (_fd < 0 && !OpenSegment())
            {
                return ScanResult.End;
            }

            ScanResult result = ReadRecord();
            if (result != ScanResult.End)
            {
                return result;
            }

            ulong? newer = NextSegment();
            if (newer is null)
            {
                return ScanResult.End;
            }

            // The writer may have finished this segment after its end was read, so the end is read
            // again.
            result = ReadRecord();
            if (result != ScanResult.End)
            {
                return result;
            }

            long left = _files.Size(_fd) - Position.Offset;
            MoveTo(newer.Value);
            if (left > 0)
            {
                Damage = $"{left} bytes at the end of a segment are not a whole record";
                return ScanResult.Damaged;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_fd >= 0)
        {
            _files.Close(_fd);
            _fd = -1;
        }
    }

    private bool OpenSegment()
    {
        if (Position.Segment == 0)
        {
            if (NextSegment() is not { } first)
            {
                return false;
            }

            MoveTo(first);
        }

        while ((_fd = SegmentFile.TryOpen(_files, _mess, Position.Segment)) < 0)
        {
            if (NextSegment() is not { } next)
            {
                return false;
            }

            MoveTo(next);
        }

        Span<byte> header = stackalloc byte[SegmentFile.HeaderBytes];
        if (SegmentFile.IsTooNew(header[.._files.ReadAt(_fd, header, 0)]))
        {
            throw new ConfigurationException(
                $"{SegmentFile.Name(_mess, Position.Segment)}: written by a later Kopis");
        }

        return true;
    }

    private void MoveTo(ulong segment)
    {
        Dispose();
        Position = new ScanPosition(segment, SegmentFile.HeaderBytes);
    }

    private ulong? NextSegment()
    {
        ulong current = Position.Segment;
        foreach (ulong segment in SegmentFile.List(_files, _mess))
        {
            if (segment > current)
            {
                return segment;
            }
        }

        return null;
    }

    /// <summary>Reads the record at the position; End if there is no complete one.</summary>
    private ScanResult ReadRecord()
    {
        Span<byte> bytes = stackalloc byte[RecordHeader.Bytes];
        if (Position.Offset >= MessageNumber.SegmentStartsBelow
            || _files.ReadAt(_fd, bytes, Position.Offset) < bytes.Length)
        {
            return ScanResult.End;
        }

        ulong number = MessageNumber.Of(Position.Segment, Position.Offset);
        if (RecordHeader.Read(bytes, number) is not { } header)
        {
            return Resynchronise();
        }

        long end = Position.Offset + header.RecordBytes;
        if (_files.Size(_fd) < end)
        {
            return ScanResult.End;
        }

        ScanResult result;
        try
        {
            Current = LendsSegment
                ? MessageFile.OpenIn(_files, _mess, _fd, header, EnvelopeBytesMax)
                : MessageFile.Open(_files, _mess, number, EnvelopeBytesMax);
            result = ScanResult.Message;
        }
        catch (MessageNotFoundException e)
        {
            Damage = e.Message;
            result = ScanResult.Damaged;
        }
        catch (PosixException e) when (e.Number == Errno.InputOutput)
        {
            // The disk has lost this record; those after it must not wait for ever. After any other
            // error, such as no free descriptors, the position stays, so that the next call tries
            // again.
            Damage = $"message {number}: {e.Message}";
            result = ScanResult.Damaged;
        }

        Position = Position with { Offset = end };
        return result;
    }

    /// <summary>Finds the next valid header, so that a damaged record affects only itself.
    /// </summary>
    private ScanResult Resynchronise()
    {
        long size = Math.Min(
            _files.Size(_fd), MessageNumber.SegmentStartsBelow + RecordHeader.Bytes - 1);
        long from = Position.Offset;
        byte[] window = new byte[WindowBytes];
        for (long at = from; at + RecordHeader.Bytes <= size; at += StepBytes)
        {
            int length = (int)Math.Min(WindowBytes, size - at);
            int got = _files.ReadAt(_fd, window.AsSpan(0, length), at);
            int found = FindHeader(window.AsSpan(0, got), at);
            if (found >= 0)
            {
                Position = Position with { Offset = at + found };
                Damage = $"{at + found - from} bytes at {Position.Segment}:{from} are not a record";
                return ScanResult.Damaged;
            }
        }

        return ScanResult.End;
    }

    /// <summary>The place of a valid header in the window, or minus one.</summary>
    private int FindHeader(ReadOnlySpan<byte> window, long at)
    {
        for (int i = 0; i + RecordHeader.Bytes <= window.Length; i += MessageNumber.Alignment)
        {
            ulong number = MessageNumber.Of(Position.Segment, at + i);
            if (RecordHeader.Read(window.Slice(i, RecordHeader.Bytes), number) is not null)
            {
                return i;
            }
        }

        return -1;
    }
}
