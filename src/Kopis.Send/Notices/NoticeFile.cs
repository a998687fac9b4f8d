using System.Buffers.Binary;
using Kopis.Base;
using Kopis.Mail;
using Kopis.Posix;

namespace Kopis.Send;

/// <summary>
/// queue/bounce/N of a message whose sender asked for notices: records with a length and a check
/// sum (docs/queue-format.md). What follows an unsound one is the torn end of a crash.
/// </summary>
internal static class NoticeFile
{
    private const int HeadBytes = 16;
    private const int ReportBytesMax = 64 * 1024; // A report has 10,000, and our last words.

    /// <summary>The record.</summary>
    internal static byte[] Format(Notice notice)
    {
        byte[] record = new byte[HeadBytes + notice.Report.Length];
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), notice.Report.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(8), notice.Recipient);
        record[12] = (byte)notice.Action;
        notice.Report.CopyTo(record, HeadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record, Crc32C.Of(record.AsSpan(4)));
        return record;
    }

    /// <summary>All sound records, in order, each with the place after it.</summary>
    internal static IEnumerable<(Notice Notice, long End)> Read(IFileSystem files, int fd)
    {
        byte[] head = new byte[HeadBytes];
        for (long at = 0; files.ReadAt(fd, head, at) == HeadBytes;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4));
            if (length is < 0 or > ReportBytesMax)
            {
                yield break;
            }

            byte[] record = new byte[HeadBytes + length];
            bool isSound = files.ReadAt(fd, record, at) == record.Length
                && Crc32C.Of(record.AsSpan(4)) == BinaryPrimitives.ReadUInt32LittleEndian(record);
            if (!isSound)
            {
                yield break;
            }

            at += record.Length;
            yield return (new Notice(
                BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(8)),
                (NoticeAction)record[12], record[HeadBytes..]), at);
        }
    }
}
