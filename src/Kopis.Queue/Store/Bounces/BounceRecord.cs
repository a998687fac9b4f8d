using System.Buffers;
using System.Buffers.Binary;
using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Queue.Store.Bounces;

/// <summary>What became of one recipient, as queue/bounce/N keeps it (docs/queue-format.md).
/// </summary>
/// <param name="Recipient">Its place in the envelope; <see cref="InQmailsText"/> for text that
/// names recipients itself.</param>
/// <param name="Action">What became of it.</param>
/// <param name="Report">The words of the spawner.</param>
public readonly record struct BounceRecord(int Recipient, DsnAction Action, byte[] Report)
{
    /// <summary>The report is text of a bounce as qmail keeps it, or a piece of that.</summary>
    public const int InQmailsText = -1;

    internal const int HeadBytes = 16;
    internal const int ReportBytesMax = 64 * 1024; // A report has 10,000, and our last words.

    private const int ShortHeadBytes = 200;
    private const int ShortTailBytes = 50; // qmail's own words have their status at the end.

    private static readonly byte[] LeftOut = " [...] "u8.ToArray();

    /// <summary>Whether the recipient was given up.</summary>
    public bool IsFailure => Action == DsnAction.Failed;

    /// <summary>Whether the delay was reported to its sender.</summary>
    public bool IsDelay => Action == DsnAction.Delayed;

    /// <summary>Whether it was delivered and its sender does not know yet.</summary>
    public bool IsSuccess => Action is DsnAction.Delivered or DsnAction.Relayed;

    /// <summary>Its bytes in the file.</summary>
    public byte[] Format()
    {
        byte[] record = new byte[HeadBytes + Report.Length];
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), Report.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(8), Recipient);
        record[12] = (byte)Action;
        Report.CopyTo(record, HeadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record, Crc32C.Of(record.AsSpan(4)));
        return record;
    }

    /// <summary>Appends the paragraph of a failure as qmail keeps and sends it.</summary>
    /// <param name="to">Where the text goes.</param>
    /// <param name="address">The recipient, without what virtualdomains put before it.</param>
    public void WriteParagraph(IBufferWriter<byte> to, ReadOnlySpan<byte> address)
    {
        if (Recipient == InQmailsText)
        {
            to.Write(Report);
        }
        else
        {
            BounceText.WriteParagraph(to, address, Report);
        }
    }

    /// <summary>The same with no more of its report than hundreds of thousands of recipients leave
    /// room for.</summary>
    internal BounceRecord Shorten() =>
        Report.Length <= ShortHeadBytes + LeftOut.Length + ShortTailBytes
            ? this
            : this with
            {
                Report =
                [
                    .. Report.AsSpan(0, ShortHeadBytes), .. LeftOut,
                    .. Report.AsSpan(Report.Length - ShortTailBytes),
                ],
            };
}
