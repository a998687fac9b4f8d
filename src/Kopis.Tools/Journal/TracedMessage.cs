namespace Kopis.Tools.Journal;

/// <summary>The records of one message.</summary>
/// <param name="Number">The message; 0 for records that are of none.</param>
/// <param name="Entries">They, the oldest first.</param>
/// <param name="LeftOut">How many more there are.</param>
/// <param name="Gap">Behind so many of them those are.</param>
internal sealed record TracedMessage(
    ulong Number, IReadOnlyList<JournalEntry> Entries, long LeftOut, int Gap)
{
    /// <summary>Its own records, one after another, and where some are left out the words for
    /// them. A bounce's record is of the message that it is of, and leads to the one that it made.
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
