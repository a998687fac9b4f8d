using System.Buffers;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>
/// Appends batches of submissions to segments; each batch is durable, or refused, as a whole
/// (group commit). Used by one thread.
/// </summary>
internal sealed class SegmentWriter(string mess, IQueueDisk disk, ulong lastSegment) : IDisposable
{
    private const int WriteBytes = 1024 * 1024;
    private const int CopyBytesMax = QueueLimits.InlineBodyBytesMax;

    private static readonly byte[] Padding = new byte[MessageNumber.Alignment];

    private readonly ArrayBufferWriter<byte> _pending = new(64 * 1024);
    private ulong _segment = lastSegment;
    private int _fd = -1;
    private long _end;
    private long _written;

    /// <summary>Makes submissions durable: all of them, or as many as the segment takes.</summary>
    /// <param name="batch">At least one; own files are durable already.</param>
    /// <returns>The numbers of the first ones, in order; at least one.</returns>
    /// <exception cref="PosixException">Nothing of the batch may be reported as queued.
    /// </exception>
    internal ulong[] Commit(ReadOnlySpan<Submission> batch)
    {
        _ = NextNumber();
        long start = _end;
        List<ulong> numbers = new(batch.Length);
        try
        {
            bool hasFiles = false;
            while (numbers.Count < batch.Length && _end < MessageNumber.SegmentStartsBelow)
            {
                Submission next = batch[numbers.Count];
                numbers.Add(MessageNumber.Of(_segment, _end));
                hasFiles |= PlaceFile(next, numbers[^1]);
                AddRecord(next, numbers[^1]);
            }

            if (hasFiles)
            {
                disk.SyncDirectory(mess); // The renames, before any record can speak of them.
            }

            WritePending();
            disk.SyncData(_fd);
        }
        catch (PosixException)
        {
            GiveUpBatch(start, batch[..numbers.Count]);
            throw;
        }

        KeepFiles(batch[..numbers.Count]);
        return [.. numbers];
    }

    /// <summary>The number that the next submission gets, unless its commit fails.</summary>
    /// <exception cref="PosixException">There can be no segment for it now.</exception>
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
            disk.Close(_fd);
            _fd = -1;
        }
    }

    private void BeginSegment()
    {
        ulong next = _segment + 1;
        string name = SegmentFile.Name(mess, next);
        int fd = disk.Create(name);
        _segment = next; // The name is used up, whatever comes.
        try
        {
            byte[] header = new byte[SegmentFile.HeaderBytes];
            SegmentFile.WriteHeader(header);
            disk.WriteAt(fd, header, 0);

            // A number must never be given twice, so the name is durable before its first record.
            disk.SyncDirectory(mess);
        }
        catch (PosixException)
        {
            disk.Close(fd);
            disk.Unlink(name); // It held nothing; a disk that stays full gathers no such files.
            throw;
        }

        _fd = fd;
        _end = _written = SegmentFile.HeaderBytes;
    }

    private bool PlaceFile(Submission submission, ulong number)
    {
        if (submission.Fd >= 0)
        {
            submission.MoveFile(MessStore.OwnFile(mess, number));
        }

        return submission.Fd >= 0;
    }

    private void AddRecord(Submission submission, ulong number)
    {
        RecordHeader header = new()
        {
            Number = number,
            Arrived = submission.Arrived,
            BodyBytes = submission.BodyBytes,
            EnvelopeBytes = submission.Envelope.Bytes,
            EnvelopeCrc = submission.Envelope.Crc,
            BodyCrc = submission.BodyCrc,
            Uid = submission.Uid,
            Qp = submission.Qp,
            Origin = submission.Origin,
            OwnFile = submission.Fd >= 0,
            HasParameters = submission.Envelope.HasParameters,
        };
        Span<byte> first = stackalloc byte[RecordHeader.Bytes];
        header.Write(first);
        Add(first);
        AddEnvelope(submission.Envelope);
        Add(submission.Inline);
        int unpadded = RecordHeader.Bytes + submission.Envelope.Bytes + submission.Inline.Length;
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
            disk.WriteAt(_fd, bytes, _written);
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
        disk.WriteAt(_fd, _pending.WrittenSpan, _written);
        _written += _pending.WrittenCount;
        _pending.ResetWrittenCount();
    }

    /// <summary>
    /// Takes the batch back. After a failed sync nobody knows what the disk holds, so the segment
    /// is never written to again: records in it stay readable, the next batch begins a new one.
    /// </summary>
    private void GiveUpBatch(long start, ReadOnlySpan<Submission> placed)
    {
        _pending.ResetWrittenCount();
        try
        {
            disk.Truncate(_fd, start);
        }
        catch (PosixException)
        {
            // What stays is whole or torn; whole ones are delivered although refused, as any
            // message may be whose reply is lost. So they need their files.
            KeepFiles(placed);
        }

        Dispose();
    }

    private static void KeepFiles(ReadOnlySpan<Submission> placed)
    {
        foreach (Submission submission in placed)
        {
            submission.KeepFile();
        }
    }
}
