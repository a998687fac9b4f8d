using System.Buffers;
using System.Buffers.Binary;
using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Queue.Store.Bounces;

/// <summary>The result of one recipient, as queue/bounce/N stores it (docs/queue-format.md).
/// </summary>
/// <param name="Recipient">Its place in the envelope; <see cref="InQmailsText"/> for a text that
/// itself names recipients.</param>
/// <param name="Action">What happened.</param>
/// <param name="Report">The text of the spawner's report.</param>
public readonly record struct BounceRecord(int Recipient, DsnAction Action, byte[] Report)
{
    /// <summary>The report is the text of a bounce in qmail's form, or a piece of it.</summary>
    public const int InQmailsText = -1;

    internal const int HeadBytes = 16;
    internal const int ReportBytesMax = 64 * 1024; // A report has 10,000, and our own text.

    private const int ShortHeadBytes = 200;
    private const int ShortTailBytes = 50; // qmail's texts have their status at the end.

    private static readonly byte[] LeftOut = " [...] "u8.ToArray();

    /// <summary>Whether the recipient was given up.</summary>
    public bool IsFailure => Action == DsnAction.Failed;

    /// <summary>Whether the delay was reported to its sender.</summary>
    public bool IsDelay => Action == DsnAction.Delayed;

    /// <summary>Whether it was delivered and its sender has not been told yet.</summary>
    public bool IsSuccess => Action is DsnAction.Delivered or DsnAction.Relayed;

    /// <summary>The bytes of the record in the file.</summary>
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

    /// <summary>Appends the paragraph of a failure, as qmail stores and sends it.</summary>
    /// <param name="to">Where the text goes.</param>
    /// <param name="address">The recipient, without the prefix that virtualdomains added.</param>
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

    /// <summary>The same with a shortened report, so that hundreds of thousands of records fit on
    /// the disk.</summary>
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
