using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.Store.Messages;

/// <summary>One message of the queue, open for reading. The one reader for all programs.</summary>
public sealed class MessageFile : IDisposable
{
    private readonly QueuedBody _body;

    private MessageFile(QueuedBody body, Envelope envelope, bool isWhole)
    {
        _body = body;
        Envelope = envelope;
        UnreadEnvelopeBytes = isWhole ? 0 : body.Header.EnvelopeBytes;
    }

    /// <summary>The message's number.</summary>
    public ulong Number => _body.Header.Number;

    /// <summary>When it was queued: the birth time of the retry schedule.</summary>
    public DateTimeOffset Arrived => _body.Header.Arrived;

    /// <summary>Who queued it.</summary>
    public uint Uid => _body.Header.Uid;

    /// <summary>Who submitted it over the network; 0: nobody says.</summary>
    public uint Client => _body.Header.Client;

    /// <summary>The <c>qp</c> number.</summary>
    public uint Qp => _body.Header.Qp;

    /// <summary>Where it came from.</summary>
    public MessageOrigin Origin => _body.Header.Origin;

    /// <summary>Length of the body, the queue's Received line included.</summary>
    public long BodyBytes => _body.Header.BodyBytes;

    /// <summary>Whether the body is in a file of its own.</summary>
    public bool HasOwnFile => _body.Header.OwnFile;

    /// <summary>Whether the envelope has ESMTP parameters.</summary>
    public bool HasParameters => _body.Header.HasParameters;

    /// <summary>Where in the file that holds it the body begins.</summary>
    public long BodyOffset => _body.Offset;

    /// <summary>Where in its segment its record ends.</summary>
    public long RecordEnd => MessageNumber.Offset(Number) + _body.Header.RecordBytes;

    /// <summary>Sender and recipients; the sender alone where the rest was left unread.</summary>
    public Envelope Envelope { get; }

    /// <summary>The length of an envelope whose recipients were left unread; else 0.</summary>
    internal int UnreadEnvelopeBytes { get; }

    /// <summary>Opens a message.</summary>
    /// <param name="mess">The directory <c>queue/mess</c>.</param>
    /// <param name="number">Its number.</param>
    /// <exception cref="MessageNotFoundException">No such message, or its record is damaged.
    /// </exception>
    /// <exception cref="PosixException">The files cannot be read now.</exception>
    public static MessageFile Open(string mess, ulong number) =>
        Open(FileSystem.Real, mess, number);

    /// <summary>As above, on a file system of the caller's.</summary>
    public static MessageFile Open(IFileSystem files, string mess, ulong number) =>
        Open(files, mess, number, QueueLimits.EnvelopeBytesMax);

    /// <summary>As above; of an envelope longer than <paramref name="envelopeBytesMax"/> only the
    /// sender is read.</summary>
    internal static MessageFile Open(
        IFileSystem files, string mess, ulong number, int envelopeBytesMax)
    {
        Envelope envelope = default;
        bool isWhole = true;
        QueuedBody body = QueuedBody.Open(files, mess, number, (segment, header) =>
            (envelope, isWhole) = ReadEnvelope(files, segment, header, envelopeBytesMax));
        return new MessageFile(body, envelope, isWhole);
    }

    /// <summary>The same in a segment that is open and stays the caller's, for who disposes of the
    /// message before it closes that.</summary>
    internal static MessageFile OpenIn(
        IFileSystem files, string mess, int segment, RecordHeader header, int envelopeBytesMax)
    {
        (Envelope envelope, bool isWhole) =
            ReadEnvelope(files, segment, header, envelopeBytesMax);
        return new MessageFile(
            QueuedBody.OpenIn(files, mess, segment, header), envelope, isWhole);
    }

    /// <summary>The envelope alone, checked.</summary>
    internal static Envelope ReadEnvelope(IFileSystem files, string mess, ulong number)
    {
        Envelope envelope = default;
        WithSegment(files, mess, number, (segment, header) =>
            envelope = ReadEnvelope(files, segment, header));
        return envelope;
    }

    /// <summary>Some bytes of it, unchecked.</summary>
    internal static void ReadEnvelope(
        IFileSystem files, string mess, ulong number, int offset, Span<byte> to)
    {
        byte[] bytes = new byte[to.Length];
        WithSegment(files, mess, number, (segment, header) =>
        {
            long start = MessageNumber.Offset(number) + RecordHeader.Bytes + offset;
            if (offset + bytes.Length > header.EnvelopeBytes
                || files.ReadAt(segment, bytes, start) < bytes.Length)
            {
                throw new MessageNotFoundException(number, "its envelope is cut short");
            }
        });
        bytes.CopyTo(to);
    }

    /// <summary>Reads body bytes from an offset of the body; fewer only at its end.</summary>
    public int ReadBody(long offset, Span<byte> to) => _body.Read(offset, to);

    /// <inheritdoc/>
    public void Dispose() => _body.Dispose();

    /// <summary>Whether there is a sound record of a message that has its own file.</summary>
    internal static bool HasOwnFileRecord(IFileSystem files, string mess, ulong number)
    {
        bool found = false;
        try
        {
            QueuedBody.Open(files, mess, number, (segment, header) =>
            {
                ReadEnvelope(files, segment, header);
                found = header.OwnFile;
            }).Dispose();
        }
        catch (MessageNotFoundException)
        {
            // No record, or one whose body is damaged.
        }

        return found;
    }

    private static void WithSegment(
        IFileSystem files, string mess, ulong number, Action<int, RecordHeader> read)
    {
        int fd = SegmentFile.TryOpen(files, mess, MessageNumber.Segment(number));
        if (fd < 0)
        {
            throw new MessageNotFoundException(number, "it is not in the queue");
        }

        try
        {
            read(fd, SegmentFile.ReadHeader(files, fd, number));
        }
        finally
        {
            files.Close(fd);
        }
    }

    private static (Envelope Envelope, bool IsWhole) ReadEnvelope(
        IFileSystem files, int segment, RecordHeader header, int bytesMax) =>
        header.EnvelopeBytes <= bytesMax
            ? (ReadEnvelope(files, segment, header), true)
            : (ReadSender(files, segment, header), false);

    /// <summary>An envelope of the sender alone.</summary>
    private static Envelope ReadSender(IFileSystem files, int segment, RecordHeader header)
    {
        byte[] start = new byte[Math.Min(header.EnvelopeBytes, Envelope.AddressBytesMax + 1)];
        long offset = MessageNumber.Offset(header.Number) + RecordHeader.Bytes;
        int got = files.ReadAt(segment, start, offset);
        int end = start.AsSpan(0, got).IndexOf((byte)0);
        return end > 0 && start[0] == (byte)'F'
            ? new Envelope((byte[])[.. start.AsSpan(0, end + 1), 0])
            : throw new MessageNotFoundException(header.Number, "its envelope is damaged");
    }

    private static Envelope ReadEnvelope(IFileSystem files, int segment, RecordHeader header)
    {
        byte[] envelope = new byte[header.EnvelopeBytes];
        long offset = MessageNumber.Offset(header.Number) + RecordHeader.Bytes;
        int got = files.ReadAt(segment, envelope, offset);

        // A right checksum is no proof of right content: the writer is another user.
        return got == envelope.Length && Crc32C.Of(envelope) == header.EnvelopeCrc
            && Envelope.Check(envelope) == 0
            ? new Envelope(envelope)
            : throw new MessageNotFoundException(header.Number, "its envelope is damaged");
    }
}
