using System.Buffers;

namespace Kopis.Queue.Store.Bounces;

/// <summary>The failures of a message as text: for its bounce, or for qmail's own <c>bounce/N</c>.
/// </summary>
public static class FailedRecipients
{
    /// <summary>The records of one kind, one for each recipient. If a crash lost the mark of a
    /// recipient, it has failed twice.</summary>
    /// <param name="records">All records of the message.</param>
    /// <param name="recipients">How many recipients the message has.</param>
    /// <param name="isWanted">Whether a record is of that kind.</param>
    public static IEnumerable<BounceRecord> Select(
        IEnumerable<BounceRecord> records, int recipients, Func<BounceRecord, bool> isWanted)
    {
        HashSet<int> seen = [];
        foreach (BounceRecord record in records)
        {
            bool isText = record.Recipient == BounceRecord.InQmailsText;
            bool isOurs = record.Recipient >= 0 && record.Recipient < recipients;
            if (isWanted(record) && (isText || (isOurs && seen.Add(record.Recipient))))
            {
                yield return record;
            }
        }
    }

    /// <summary>The text, in pieces.</summary>
    /// <param name="records">All records of the message.</param>
    /// <param name="recipients">How many recipients the message has.</param>
    /// <param name="address">The address of each, as people know it.</param>
    public static IEnumerable<byte[]> Text(
        IEnumerable<BounceRecord> records, int recipients, Func<int, byte[]> address)
    {
        ArrayBufferWriter<byte> text = new();
        foreach (BounceRecord record in Select(records, recipients, one => one.IsFailure))
        {
            text.ResetWrittenCount();
            record.WriteParagraph(
                text, record.Recipient < 0 ? [] : address(record.Recipient));
            yield return text.WrittenSpan.ToArray();
        }
    }
}
