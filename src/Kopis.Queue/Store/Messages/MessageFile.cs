using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.Store.Messages;

/// <summary>One message of the queue, open for reading. All programs read messages through it.
/// </summary>
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

    /// <summary>When it was queued, which is the start of the retry schedule.</summary>
    public DateTimeOffset Arrived => _body.Header.Arrived;

    /// <summary>The user who queued it.</summary>
    public uint Uid => _body.Header.Uid;

    /// <summary>The client that submitted it over the network; 0: not known.</summary>
    public uint Client => _body.Header.Client;

    /// <summary>The <c>qp</c> number.</summary>
    public uint Qp => _body.Header.Qp;

    /// <summary>Where it came from.</summary>
    public MessageOrigin Origin => _body.Header.Origin;

    /// <summary>The length of the body, including the queue's Received line.</summary>
    public long BodyBytes => _body.Header.BodyBytes;

    /// <summary>Whether the body is in a file of its own.</summary>
    public bool HasOwnFile => _body.Header.OwnFile;

    /// <summary>Whether the envelope has ESMTP parameters.</summary>
    public bool HasParameters => _body.Header.HasParameters;

    /// <summary>Where the body begins in its file.</summary>
    public long BodyOffset => _body.Offset;

    /// <summary>Where its record ends in its segment.</summary>
    public long RecordEnd => MessageNumber.Offset(Number) + _body.Header.RecordBytes;

    /// <summary>Sender and recipients; only the sender if the recipients were not read.</summary>
    public Envelope Envelope { get; }

    /// <summary>The length of an envelope whose recipients were not read; else 0.</summary>
    internal int UnreadEnvelopeBytes { get; }

    /// <summary>Opens a message.</summary>
    /// <param name="mess">The directory <c>queue/mess</c>.</param>
    /// <param name="number">Its number.</param>
    /// <exception cref="MessageNotFoundException">No such message, or its record is damaged.
    /// </exception>
    /// <exception cref="PosixException">The files cannot be read now.</exception>
    public static MessageFile Open(string mess, ulong number) =>
        Open(FileSystem.Real, mess, number);

    /// <summary>The same on another file system.</summary>
    public static MessageFile Open(IFileSystem files, string mess, ulong number) =>
        Open(files, mess, number, QueueLimits.EnvelopeBytesMax);

    /// <summary>The same. If the envelope is longer than <paramref name="envelopeBytesMax"/>, only
    /// the sender is read.</summary>
    internal static MessageFile Open(
        IFileSystem files, string mess, ulong number, int envelopeBytesMax)
    {
        Envelope envelope = default;
        bool isWhole = true;
        QueuedBody body = QueuedBody.Open(files, mess, number, (segment, header) =>
            (envelope, isWhole) = ReadEnvelope(files, segment, header, envelopeBytesMax));
        return new MessageFile(body, envelope, isWhole);
    }

    /// <summary>The same in a segment that is open and that the caller closes, after the message is
    /// disposed.</summary>
    internal static MessageFile OpenIn(
        IFileSystem files, string mess, int segment, RecordHeader header, int envelopeBytesMax)
    {
        (Envelope envelope, bool isWhole) =
            ReadEnvelope(files, segment, header, envelopeBytesMax);
        return new MessageFile(
            QueuedBody.OpenIn(files, mess, segment, header), envelope, isWhole);
    }

    /// <summary>Reads and checks only the envelope.</summary>
    internal static Envelope ReadEnvelope(IFileSystem files, string mess, ulong number)
    {
        Envelope envelope = default;
        WithSegment(files, mess, number, (segment, header) =>
            envelope = ReadEnvelope(files, segment, header));
        return envelope;
    }

    /// <summary>Reads some bytes of the envelope, without a check.</summary>
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

    /// <summary>Reads body bytes from an offset; returns fewer only at the end.</summary>
    public int ReadBody(long offset, Span<byte> to) => _body.Read(offset, to);

    /// <inheritdoc/>
    public void Dispose() => _body.Dispose();

    /// <summary>Whether there is a valid record of a message with a body file.</summary>
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
            // There is no record, or its body is damaged.
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

    /// <summary>An envelope with only the sender.</summary>
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

        // A correct checksum does not prove valid content, since the writer is another user.
        return got == envelope.Length && Crc32C.Of(envelope) == header.EnvelopeCrc
            && Envelope.Check(envelope) == 0
            ? new Envelope(envelope)
            : throw new MessageNotFoundException(header.Number, "its envelope is damaged");
    }
}
