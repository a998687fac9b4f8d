using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>One message of the queue, open for reading. The one reader for all programs.</summary>
public sealed class MessageFile : IDisposable
{
    private readonly IFileSystem _files;
    private readonly RecordHeader _header;
    private int _fd;

    private MessageFile(
        IFileSystem files, RecordHeader header, Envelope envelope, int fd, long bodyOffset)
    {
        _files = files;
        _header = header;
        _fd = fd;
        Envelope = envelope;
        BodyOffset = bodyOffset;
    }

    /// <summary>The message's number.</summary>
    public ulong Number => _header.Number;

    /// <summary>When it was queued: the birth time of the retry schedule.</summary>
    public DateTimeOffset Arrived => _header.Arrived;

    /// <summary>Who queued it.</summary>
    public uint Uid => _header.Uid;

    /// <summary>The <c>qp</c> number.</summary>
    public uint Qp => _header.Qp;

    /// <summary>Where it came from.</summary>
    public MessageOrigin Origin => _header.Origin;

    /// <summary>Length of the body, the queue's Received line included.</summary>
    public long BodyBytes => _header.BodyBytes;

    /// <summary>Whether <see cref="Fd"/> holds this message's body and nothing else.</summary>
    public bool HasOwnFile => _header.OwnFile;

    /// <summary>Whether the envelope has ESMTP parameters.</summary>
    public bool HasParameters => _header.HasParameters;

    /// <summary>The descriptor that holds the body, open for reading.</summary>
    public int Fd => _fd;

    /// <summary>Where in <see cref="Fd"/> the body begins.</summary>
    public long BodyOffset { get; }

    /// <summary>Where in its segment its record ends.</summary>
    public long RecordEnd => MessageNumber.Offset(Number) + _header.RecordBytes;

    /// <summary>Sender and recipients.</summary>
    public Envelope Envelope { get; }

    /// <summary>Opens a message.</summary>
    /// <param name="mess">The directory <c>queue/mess</c>.</param>
    /// <param name="number">Its number.</param>
    /// <exception cref="MessageNotFoundException">No such message, or its record is damaged.
    /// </exception>
    /// <exception cref="PosixException">The files cannot be read now.</exception>
    public static MessageFile Open(string mess, ulong number) =>
        Open(FileSystem.Real, mess, number);

    /// <summary>As above, on a file system of the caller's.</summary>
    public static MessageFile Open(IFileSystem files, string mess, ulong number)
    {
        int fd = SegmentFile.TryOpen(files, mess, MessageNumber.Segment(number));
        if (fd < 0)
        {
            throw new MessageNotFoundException(number, "its segment is gone");
        }

        try
        {
            return Open(files, mess, number, ref fd);
        }
        finally
        {
            if (fd >= 0)
            {
                files.Close(fd);
            }
        }
    }

    /// <summary>Reads body bytes from an offset of the body; fewer only at its end.</summary>
    public int ReadBody(long offset, Span<byte> to)
    {
        int wanted = (int)Math.Min(to.Length, Math.Max(0, BodyBytes - offset));
        int got = _files.ReadAt(_fd, to[..wanted], BodyOffset + offset);
        return got == wanted
            ? got
            : throw new MessageNotFoundException(Number, "its body is cut short");
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

    /// <summary>Whether there is a sound record of a message that has its own file.</summary>
    internal static bool HasOwnFileRecord(IFileSystem files, string mess, ulong number)
    {
        int fd = SegmentFile.TryOpen(files, mess, MessageNumber.Segment(number));
        if (fd < 0)
        {
            return false;
        }

        try
        {
            return ReadHeader(files, fd, number, out _).OwnFile;
        }
        catch (MessageNotFoundException)
        {
            return false;
        }
        finally
        {
            files.Close(fd);
        }
    }

    private static RecordHeader ReadHeader(
        IFileSystem files, int segment, ulong number, out byte[] envelope)
    {
        Span<byte> first = stackalloc byte[RecordHeader.Bytes];
        long offset = MessageNumber.Offset(number);
        int got = files.ReadAt(segment, first, offset);
        RecordHeader header = RecordHeader.Read(first[..got], number)
            ?? throw new MessageNotFoundException(number, "there is no sound record");
        envelope = new byte[header.EnvelopeBytes];
        got = files.ReadAt(segment, envelope, offset + RecordHeader.Bytes);

        // A right checksum is no proof of right content: the writer is another user.
        return got == envelope.Length && Crc32C.Of(envelope) == header.EnvelopeCrc
            && Envelope.Check(envelope) == 0
            ? header
            : throw new MessageNotFoundException(number, "its envelope is damaged");
    }

    private static MessageFile Open(
        IFileSystem files, string mess, ulong number, ref int segment)
    {
        RecordHeader header = ReadHeader(files, segment, number, out byte[] envelope);
        long bodyOffset = MessageNumber.Offset(number) + RecordHeader.Bytes + envelope.Length;
        if (header.OwnFile)
        {
            int own = OpenOwnFile(files, mess, header);
            return new MessageFile(files, header, new Envelope(envelope), own, 0);
        }

        CheckInlineBody(files, segment, header, bodyOffset);
        MessageFile file = new(
            files, header, new Envelope(envelope), segment, bodyOffset);
        segment = -1; // Now the message's to close.
        return file;
    }

    private static void CheckInlineBody(
        IFileSystem files, int segment, RecordHeader header, long bodyOffset)
    {
        Span<byte> block = stackalloc byte[4096];
        uint crc = Crc32C.Empty;
        for (long done = 0; done < header.BodyBytes; done += block.Length)
        {
            int length = (int)Math.Min(block.Length, header.BodyBytes - done);
            int got = files.ReadAt(segment, block[..length], bodyOffset + done);
            crc = Crc32C.Append(crc, block[..got]);
        }

        if (crc != header.BodyCrc)
        {
            throw new MessageNotFoundException(header.Number, "its body is damaged");
        }
    }

    private static int OpenOwnFile(IFileSystem files, string mess, RecordHeader header)
    {
        string path = MessStore.OwnFile(mess, header.Number);
        int fd = files.TryOpen(
            Posix.Fd.PathBytes(path), OpenFlags.ReadOnly, 0, out int errno);
        if (fd < 0)
        {
            throw errno == Errno.NoEntry
                ? new MessageNotFoundException(header.Number, "its body is gone")
                : new PosixException($"open {path}", errno);
        }

        if (files.Size(fd) != header.BodyBytes)
        {
            files.Close(fd);
            throw new MessageNotFoundException(header.Number, "its body is cut short");
        }

        return fd;
    }
}
