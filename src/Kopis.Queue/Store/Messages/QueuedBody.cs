using System.Buffers;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.Store.Messages;

/// <summary>The body of a message of the queue, for programs that deliver it. They get the sender
/// and recipients from qmail-send, so the envelope is not read: it may be a thousand times as long,
/// and would be read again for each recipient. May be read from many threads.</summary>
public sealed class QueuedBody : IDisposable
{
    /// <summary>Bodies up to this size are kept when their CRC is checked. Larger ones would be
    /// large objects of the runtime, which are expensive to free.</summary>
    private const int KeptBytesMax = QueueLimits.BlockBytesMax;

    private readonly IFileSystem _files;
    private readonly byte[]? _kept;
    private bool _isLent; // Somebody else closes the descriptor.

    private QueuedBody(
        IFileSystem files, RecordHeader header, int fd, long offset, byte[]? kept) =>
        (_files, Header, Descriptor, Offset, _kept) = (files, header, fd, offset, kept);

    /// <summary>The message's number.</summary>
    public ulong Number => Header.Number;

    /// <summary>Its length in bytes, including the queue's Received line.</summary>
    public long Length => Header.BodyBytes;

    /// <summary>Whether <see cref="Descriptor"/> has only this message's body, with at most zeros
    /// before it.</summary>
    public bool HasOwnFile => Header.OwnFile;

    /// <summary>Whether the whole body is in memory.</summary>
    public bool IsKept => _kept is not null;

    /// <summary>Where it came from, as the queue writer recorded it.</summary>
    public MessageOrigin Origin => Header.Origin;

    /// <summary>When it was queued.</summary>
    public DateTimeOffset Arrived => Header.Arrived;

    /// <summary>The open file that has the body.</summary>
    public int Descriptor { get; private set; }

    /// <summary>Where the body begins in that file.</summary>
    public long Offset { get; }

    internal RecordHeader Header { get; }

    /// <summary>Opens a message's body.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="mess">The directory <c>queue/mess</c>.</param>
    /// <param name="number">The message's number.</param>
    /// <exception cref="MessageNotFoundException">No such message, or its header or body is
    /// damaged.</exception>
    /// <exception cref="PosixException">The files cannot be read now.</exception>
    public static QueuedBody Open(IFileSystem files, string mess, ulong number) =>
        Open(files, mess, number, null);

    /// <summary>Opens a message's body for a caller who needs all of it. A body that is not kept is
    /// copied while it is checked, so that it is read only once.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="mess">The directory <c>queue/mess</c>.</param>
    /// <param name="number">The message's number.</param>
    /// <param name="copy">Gets the body in pieces, unless it has a file of its own or
    /// <see cref="IsKept"/>. The copy is valid only if this method returns.</param>
    /// <exception cref="MessageNotFoundException">The same as for Open.</exception>
    /// <exception cref="PosixException">The same as for Open.</exception>
    public static QueuedBody OpenAndCopy(
        IFileSystem files, string mess, ulong number, SpanAction copy) =>
        Open(files, mess, number, null, copy);

    /// <summary>Gets bytes.</summary>
    public delegate void SpanAction(ReadOnlySpan<byte> bytes);

    /// <param name="files">The file system.</param>
    /// <param name="mess">The directory <c>queue/mess</c>.</param>
    /// <param name="number">The message's number.</param>
    /// <param name="readFirst">Gets the segment and the header, before the body is read.</param>
    /// <param name="copy">Gets the body if it is not kept.</param>
    internal static QueuedBody Open(
        IFileSystem files, string mess, ulong number, Action<int, RecordHeader>? readFirst,
        SpanAction? copy = null)
    {
        int fd = SegmentFile.TryOpen(files, mess, MessageNumber.Segment(number));
        if (fd < 0)
        {
            throw new MessageNotFoundException(number, "it is not in the queue");
        }

        try
        {
            RecordHeader header = SegmentFile.ReadHeader(files, fd, number);
            readFirst?.Invoke(fd, header);
            QueuedBody body = Make(files, mess, fd, header, copy, mayKeep: true);
            fd = header.OwnFile ? fd : -1; // The body closes it from now on.
            return body;
        }
        finally
        {
            if (fd >= 0)
            {
                files.Close(fd);
            }
        }
    }

    /// <summary>The same in a segment that is open and that the caller closes, after the body was
    /// used.</summary>
    internal static QueuedBody OpenIn(
        IFileSystem files, string mess, int segment, RecordHeader header)
    {
        QueuedBody body = Make(files, mess, segment, header, copy: null, mayKeep: false);
        body._isLent = !header.OwnFile;
        return body;
    }

    private static QueuedBody Make(
        IFileSystem files, string mess, int segment, RecordHeader header, SpanAction? copy,
        bool mayKeep)
    {
        if (header.OwnFile)
        {
            int own = MessStore.OpenOwnFile(files, mess, header);
            return new QueuedBody(files, header, own, header.BodyStart, null);
        }

        long offset =
            MessageNumber.Offset(header.Number) + RecordHeader.Bytes + header.EnvelopeBytes;
        byte[]? kept = mayKeep && header.BodyBytes <= KeptBytesMax
            ? new byte[header.BodyBytes] : null;
        Check(files, segment, header, offset, kept, copy);
        return new QueuedBody(files, header, segment, offset, kept);
    }

    /// <summary>Reads from an offset; returns fewer bytes only at the end.</summary>
    /// <exception cref="IOException">The body cannot be read, or is truncated.</exception>
    public int Read(long offset, Span<byte> to)
    {
        int wanted = (int)Math.Min(to.Length, Math.Max(0, Length - offset));
        if (_kept is not null)
        {
            _kept.AsSpan((int)Math.Min(offset, Length), wanted).CopyTo(to);
            return wanted;
        }

        int got = _files.ReadAt(Descriptor, to[..wanted], Offset + offset);
        return got == wanted
            ? got
            : throw new MessageNotFoundException(Header.Number, "its body is cut short");
    }

    /// <summary>Its descriptor, which the caller closes from now on.</summary>
    public int Detach()
    {
        int fd = Descriptor;
        Descriptor = -1;
        return fd;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Descriptor >= 0 && !_isLent)
        {
            _files.Close(Descriptor);
        }

        Descriptor = -1;
    }

    /// <summary>Reads and checks a whole body.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="segment">The segment or file.</param>
    /// <param name="header">The header of its record.</param>
    /// <param name="offset">Where the body begins.</param>
    /// <param name="kept">Gets the whole body; null if it is not kept.</param>
    /// <param name="copy">Gets the body in pieces if it is not kept.</param>
    private static void Check(
        IFileSystem files, int segment, RecordHeader header, long offset, byte[]? kept,
        SpanAction? copy)
    {
        int most = (int)Math.Min(header.BodyBytes, KeptBytesMax);
        byte[] block = kept ?? ArrayPool<byte>.Shared.Rent(most);
        uint crc = Crc32C.Empty;
        for (long done = 0; done < header.BodyBytes; done += most)
        {
            int length = (int)Math.Min(most, header.BodyBytes - done);
            int got = files.ReadAt(segment, block.AsSpan(0, length), offset + done);
            crc = Crc32C.Append(crc, block.AsSpan(0, got));
            if (kept is null)
            {
                copy?.Invoke(block.AsSpan(0, got));
            }
        }

        if (kept is null)
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        if (crc != header.BodyCrc)
        {
            throw new MessageNotFoundException(header.Number, "its body is damaged");
        }
    }
}
