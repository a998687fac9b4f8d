using System.Buffers;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>Appends batches of messages to segments. Each batch is durable, or refused, as a whole
/// (group commit). Not thread-safe.</summary>
internal sealed class SegmentWriter(string mess, IFileSystem files, ulong lastSegment)
    : IDisposable
{
    private const int WriteBytes = 1024 * 1024;
    private const int CopyBytesMax = QueueLimits.InlineBodyBytesMax;

    private static readonly byte[] Padding = new byte[MessageNumber.Alignment];

    private readonly ArrayBufferWriter<byte> _pending = new(64 * 1024);
    private ulong _segment = lastSegment;
    private int _fd = -1;
    private long _end;
    private long _written;

    /// <summary>Makes messages durable: all of them, or as many as fit into the segment.</summary>
    /// <param name="batch">At least one message; their body files are already durable.</param>
    /// <returns>The numbers of the first messages, in order; at least one.</returns>
    /// <exception cref="PosixException">Nothing of the batch may be reported as queued.
    /// </exception>
    internal ulong[] Commit(ReadOnlySpan<IntakeMessage> batch)
    {
        _ = NextNumber();
        long start = _end;
        List<ulong> numbers = new(batch.Length);
        try
        {
            bool hasFiles = false;
            while (numbers.Count < batch.Length && _end < MessageNumber.SegmentStartsBelow)
            {
                IntakeMessage next = batch[numbers.Count];
                numbers.Add(MessageNumber.Of(_segment, _end));
                hasFiles |= PlaceFile(next, numbers[^1]);
                AddRecord(next, numbers[^1]);
            }

            if (hasFiles)
            {
                files.SyncDirectory(mess); // The renames, before records refer to them.
            }

            WritePending();
            files.SyncData(_fd);
        }
        catch (PosixException)
        {
            GiveUpBatch(start, batch[..numbers.Count]);
            throw;
        }

        KeepFiles(batch[..numbers.Count]);
        return [.. numbers];
    }

    /// <summary>The number that the next message gets, unless its commit fails.</summary>
    /// <exception cref="PosixException">No segment can be made now.</exception>
    internal ulong NextNumber()
    {
        if (_fd >= 0 && _end >= MessageNumber.SegmentStartsBelow)
        {
            Dispose();
        }

        if (_fd < 0)
        {
            BeginSegment();
        }

        return MessageNumber.Of(_segment, _end);
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            files.Close(_fd);
            _fd = -1;
        }
    }

    private void BeginSegment()
    {
        ulong next = _segment + 1;
        string name = SegmentFile.Name(mess, next);
        int fd = MessStore.Create(files, name);
        _segment = next; // The name is used up even if the next step fails.
        try
        {
            byte[] header = new byte[SegmentFile.HeaderBytes];
            SegmentFile.WriteHeader(header);
            files.WriteAt(fd, header, 0);

            // A number must never be used twice, so the name is durable before its first record.
            files.SyncDirectory(mess);
        }
        catch (PosixException)
        {
            files.Close(fd);
            files.Unlink(name); // It was empty; a full disk must not collect such files.
            throw;
        }

        _fd = fd;
        _end = _written = SegmentFile.HeaderBytes;
    }

    private bool PlaceFile(IntakeMessage intake, ulong number)
    {
        if (intake.Fd >= 0)
        {
            intake.MoveFile(MessStore.OwnFile(mess, number));
        }

        return intake.Fd >= 0;
    }

    private void AddRecord(IntakeMessage intake, ulong number)
    {
        RecordHeader header = new()
        {
            Number = number,
            Arrived = intake.Arrived,
            BodyBytes = intake.BodyBytes,
            EnvelopeBytes = intake.Envelope.Bytes,
            EnvelopeCrc = intake.Envelope.Crc,
            BodyCrc = intake.BodyCrc,
            Uid = intake.Uid,
            Qp = intake.Qp,
            Origin = intake.Origin,
            OwnFile = intake.Fd >= 0,
            HasParameters = intake.Envelope.HasParameters,
            BodyStart = intake.BodyStart,
            Client = intake.Client,
        };
        Span<byte> first = stackalloc byte[RecordHeader.Bytes];
        header.Write(first);
        Add(first);
        AddEnvelope(intake.Envelope);
        Add(intake.Start);
        Add(intake.Inline);
        int unpadded = RecordHeader.Bytes + intake.Envelope.Bytes
            + intake.Start.Length + intake.Inline.Length;
        Add(Padding.AsSpan(0, (int)(header.RecordBytes - unpadded)));
        _end += header.RecordBytes;
    }

    private void AddEnvelope(EnvelopeStore envelope)
    {
        byte[] block = envelope.IsInFile ? new byte[WriteBytes] : [];
        for (int done = 0; done < envelope.Bytes;)
        {
            ReadOnlySpan<byte> piece = envelope.Read(done, block);
            Add(piece);
            done += piece.Length;
        }
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > CopyBytesMax)
        {
            WritePending();
            files.WriteAt(_fd, bytes, _written);
            _written += bytes.Length;
            return;
        }

        _pending.Write(bytes);
        if (_pending.WrittenCount >= WriteBytes)
        {
            WritePending();
        }
    }

    private void WritePending()
    {
        files.WriteAt(_fd, _pending.WrittenSpan, _written);
        _written += _pending.WrittenCount;
        _pending.ResetWrittenCount();
    }

    /// <summary>Undoes the batch. After a failed sync the content of the disk is not known, so the
    /// segment is never written again: records in it stay readable, and the next batch begins a new
    /// segment.</summary>
    private void GiveUpBatch(long start, ReadOnlySpan<IntakeMessage> placed)
    {
        _pending.ResetWrittenCount();
        try
        {
            files.Truncate(_fd, start);
        }
        catch (PosixException)
        {
            // Records that stay are complete or incomplete. Complete ones are delivered although
            // they were refused, as may happen to any message whose reply is lost. So they need
            // their files.
            KeepFiles(placed);
        }

        Dispose();
    }

    private static void KeepFiles(ReadOnlySpan<IntakeMessage> placed)
    {
        foreach (IntakeMessage intake in placed)
        {
            intake.KeepFile();
        }
    }
}
