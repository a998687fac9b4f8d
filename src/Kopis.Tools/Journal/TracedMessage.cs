namespace Kopis.Tools.Journal;

/// <summary>The records of one message.</summary>
/// <param name="Number">The message; 0 for records without one.</param>
/// <param name="Entries">The records, the oldest first.</param>
/// <param name="LeftOut">How many records are left out.</param>
/// <param name="Gap">After how many of the records they are left out.</param>
internal sealed record TracedMessage(
    ulong Number, IReadOnlyList<JournalEntry> Entries, long LeftOut, int Gap)
{
    /// <summary>The message's own records in order, and where some are left out, the line that says
    /// so. The record of a bounce belongs to the message that bounced, and leads to the bounce.
    /// </summary>
    internal IEnumerable<(JournalEntry Entry, string? More)> Told()
    {
        for (int i = 0; i < Entries.Count; i++)
        {
            if (i == Gap && LeftOut > 0)
            {
                yield return (Entries[i], $"({LeftOut} more records)");
            }

            if (Number == 0 || Entries[i].Message == Number)
            {
                yield return (Entries[i], null);
            }
        }
    }
}
