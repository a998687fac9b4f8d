using System.Buffers.Binary;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Posix;

namespace Kopis.Queue.Store.Bounces;

/// <summary>Reads queue/bounce/N (docs/queue-format.md): records with a length and a checksum.
/// Bytes after an invalid record are the incomplete end that a crash left. Before the records there
/// may be qmail's text, from a qmail queue or from an older Kopis; a NUL ends it.</summary>
public static class BounceReader
{
    private const int BlockBytes = 32 * 1024;

    /// <summary>All valid records, in order; qmail's text comes in pieces.</summary>
    /// <exception cref="IOException">The file cannot be read now.</exception>
    public static IEnumerable<BounceRecord> Read(IFileSystem files, int fd)
    {
        long at = TextEnd(files, fd, out bool hasText);
        for (long done = 0; done < at;)
        {
            byte[] block = new byte[(int)Math.Min(BlockBytes, at - done)];
            int got = files.ReadAt(fd, block, done);
            if (got == 0)
            {
                yield break;
            }

            done += got;
            yield return new BounceRecord(
                BounceRecord.InQmailsText, DsnAction.Failed, block[..got]);
        }

        at += hasText ? 1 : 0;
        while (TryRead(files, fd, at) is { } record)
        {
            at += BounceRecord.HeadBytes + record.Report.Length;
            yield return record;
        }
    }

    /// <summary>Where the next record is to be written: after all that is valid.</summary>
    internal static long SoundEnd(IFileSystem files, int fd)
    {
        long at = TextEnd(files, fd, out bool hasText);
        at += hasText ? 1 : 0;
        while (TryRead(files, fd, at) is { } record)
        {
            at += BounceRecord.HeadBytes + record.Report.Length;
        }

        return at;
    }

    /// <summary>The length of qmail's text without the NUL after it, which may be missing.
    /// </summary>
    private static long TextEnd(IFileSystem files, int fd, out bool hasText)
    {
        // The checksum of a record may begin with the byte that the text begins with.
        byte[] block = new byte[BlockBytes];
        int got = files.ReadAt(fd, block, 0);
        hasText = got > 0 && block[0] == (byte)'<' && TryRead(files, fd, 0) is null;
        long at = 0;
        while (hasText && got > 0)
        {
            int nul = block.AsSpan(0, got).IndexOf((byte)0);
            if (nul >= 0)
            {
                return at + nul;
            }

            at += got;
            got = files.ReadAt(fd, block, at);
        }

        return at;
    }

    private static BounceRecord? TryRead(IFileSystem files, int fd, long at)
    {
        byte[] head = new byte[BounceRecord.HeadBytes];
        if (files.ReadAt(fd, head, at) < head.Length)
        {
            return null;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4));
        if (length is < 0 or > BounceRecord.ReportBytesMax)
        {
            return null;
        }

        byte[] record = new byte[head.Length + length];
        bool isSound = files.ReadAt(fd, record, at) == record.Length
            && Crc32C.Of(record.AsSpan(4)) == BinaryPrimitives.ReadUInt32LittleEndian(record);
        return isSound
            ? new BounceRecord(
                BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(8)),
                (DsnAction)record[12], record[head.Length..])
            : null;
    }
}
