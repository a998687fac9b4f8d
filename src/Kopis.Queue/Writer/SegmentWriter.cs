using System.Buffers;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>
/// Appends batches of submissions to segments; each batch is durable, or refused, as a whole
/// (group commit). Used by one thread.
/// </summary>
internal sealed class SegmentWriter(string mess, IQueueDisk disk, ulong lastSegment) : IDisposable
{
    private const int WriteBytesMax = 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _pending = new(64 * 1024);
    private ulong _segment = lastSegment;
    private int _fd = -1;
    private long _end;
    private long _written;

    /// <summary>How often the disk was asked to make data durable; for tests and metrics.</summary>
    internal long Syncs { get; private set; }

    /// <summary>Makes the batch durable.</summary>
    /// <returns>The numbers, in order.</returns>
    /// <exception cref="PosixException">Nothing of the batch may be reported as queued.
    /// </exception>
    internal ulong[] Commit(IReadOnlyList<Submission> batch)
    {
        ulong[] numbers = new ulong[batch.Count];
        long start = _end;
        try
        {
            bool ownFiles = false;
            for (int i = 0; i < batch.Count; i++)
            {
                if (_fd < 0 || _end >= MessageNumber.SegmentStartsBelow)
                {
                    FinishSegment();
                    BeginSegment();
                    start = _end;
                }

                numbers[i] = MessageNumber.Of(_segment, _end);
                ownFiles |= PlaceOwnFile(batch[i], numbers[i]);
                AddRecord(batch[i], numbers[i]);
            }

            if (ownFiles)
            {
                disk.SyncDirectory(mess); // The renames, before any record speaks of them.
            }

            WritePending();
            SyncSegment();
            return numbers;
        }
        catch (PosixException)
        {
            GiveUpBatch(start);
            throw;
        }
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            disk.Close(_fd);
            _fd = -1;
        }
    }

    /// <summary>A batch that runs over a segment's end: the old one is made durable first.
    /// </summary>
    private void FinishSegment()
    {
        if (_fd >= 0)
        {
            WritePending();
            SyncSegment();
            Dispose();
        }
    }

    private void BeginSegment()
    {
        ulong next = _segment + 1;
        int fd = disk.Create(SegmentFile.Name(mess, next));
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
            throw;
        }

        _fd = fd;
        _end = _written = SegmentFile.HeaderBytes;
    }

    private bool PlaceOwnFile(Submission submission, ulong number)
    {
        if (submission.Path is null)
        {
            return false;
        }

        disk.SyncData(submission.Fd);
        Syncs++;
        disk.Rename(submission.Path, MessStore.OwnFile(mess, number));
        submission.GiveFileAway();
        return true;
    }

    private void AddRecord(Submission submission, ulong number)
    {
        bool own = submission.Fd >= 0;
        RecordHeader header = new()
        {
            Number = number,
            Arrived = submission.Arrived,
            BodyBytes = submission.BodyBytes,
            EnvelopeBytes = submission.Envelope.Length,
            EnvelopeCrc = Crc32C.Of(submission.Envelope.Span),
            BodyCrc = submission.BodyCrc,
            Uid = submission.Uid,
            Qp = submission.Qp,
            Origin = submission.Origin,
            OwnFile = own,
        };
        header.Write(_pending.GetSpan(RecordHeader.Bytes));
        _pending.Advance(RecordHeader.Bytes);
        _pending.Write(submission.Envelope.Span);
        _pending.Write(submission.Inline);
        int padding = (int)(header.RecordBytes - RecordHeader.Bytes - submission.Envelope.Length
            - submission.Inline.Length);
        _pending.GetSpan(padding + 1)[..padding].Clear();
        _pending.Advance(padding);
        _end += header.RecordBytes;
        if (_pending.WrittenCount >= WriteBytesMax)
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

    private void SyncSegment()
    {
        disk.SyncData(_fd);
        Syncs++;
    }

    /// <summary>
    /// Takes the batch back. After a failed sync nobody knows what the disk holds, so the segment
    /// is never written to again: records in it stay readable, the next batch begins a new one.
    /// </summary>
    private void GiveUpBatch(long start)
    {
        _pending.ResetWrittenCount();
        if (_fd < 0)
        {
            return;
        }

        try
        {
            disk.Truncate(_fd, start);
        }
        catch (PosixException)
        {
            // What stays is whole or torn; whole ones are delivered although refused, as any
            // message may be whose reply is lost.
        }

        Dispose();
    }
}
