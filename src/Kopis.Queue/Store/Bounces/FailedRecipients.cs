using System.Buffers;

namespace Kopis.Queue.Store.Bounces;

/// <summary>The failures of a message as text: what becomes its bounce, and what qmail would have
/// in its own <c>bounce/N</c>.</summary>
public static class FailedRecipients
{
    /// <summary>The records of one kind, each recipient once: where a crash took the mark of one,
    /// it failed again.</summary>
    /// <param name="records">All that is kept of the message.</param>
    /// <param name="recipients">How many it has.</param>
    /// <param name="isWanted">Which of them.</param>
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
    /// <param name="records">All that is kept of the message.</param>
    /// <param name="recipients">How many it has.</param>
    /// <param name="address">Each as people know it.</param>
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
