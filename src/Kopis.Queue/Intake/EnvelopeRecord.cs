using Kopis.Base;

namespace Kopis.Queue.Intake;

/// <summary>Writes the addresses of an envelope into a record of the journal.</summary>
public static class EnvelopeRecord
{
    /// <summary>Adds <c>from</c>; <c>rcpts</c>, the number of recipients; and <c>to</c>, as many of
    /// them as fit.</summary>
    /// <param name="record">The record.</param>
    /// <param name="envelope">As for qmail-queue: F, T and P, each ended by NUL.</param>
    public static void Add(ref JournalRecord record, ReadOnlySpan<byte> envelope) =>
        Add(ref record, envelope, Count(envelope));

    /// <summary>The same for the beginning of an envelope with this many recipients.</summary>
    public static void Add(ref JournalRecord record, ReadOnlySpan<byte> envelope, int count)
    {
        ReadOnlySpan<byte> rest = envelope;
        while (Next(ref rest, out byte letter, out ReadOnlySpan<byte> text) && letter != 'T')
        {
            if (letter == 'F')
            {
                record.Text("from"u8, text);
            }
        }

        record.Number("rcpts"u8, count);
        if (!record.BeginList("to"u8))
        {
            return;
        }

        rest = envelope;
        bool fits = true;
        while (fits && Next(ref rest, out byte letter, out ReadOnlySpan<byte> text))
        {
            fits = letter != 'T' || record.Item(text);
        }

        record.EndList();
    }

    /// <summary>Sender and recipients for a log line: <c>from &lt;a@b&gt; to &lt;c@d&gt;</c>,
    /// and of many recipients the first and their number.</summary>
    public static string Describe(ReadOnlySpan<byte> envelope)
    {
        int count = Count(envelope);
        (string from, string to) = ("", "");
        while (to.Length == 0
            && Next(ref envelope, out byte letter, out ReadOnlySpan<byte> text))
        {
            from = letter == 'F' ? LogText.Safe(text) : from;
            to = letter == 'T' ? LogText.Safe(text) : to;
        }

        return $"from <{from}> to <{to}>{(count > 1 ? $" and {count - 1} more" : "")}";
    }

    private static int Count(ReadOnlySpan<byte> envelope)
    {
        int count = 0;
        while (Next(ref envelope, out byte letter, out _))
        {
            count += letter == 'T' ? 1 : 0;
        }

        return count;
    }

    private static bool Next(
        ref ReadOnlySpan<byte> rest, out byte letter, out ReadOnlySpan<byte> text)
    {
        letter = 0;
        text = default;
        int end = rest.IndexOf((byte)0);
        if (end <= 0)
        {
            return false; // An empty field ends the envelope.
        }

        letter = rest[0];
        text = rest[1..end];
        rest = rest[(end + 1)..];
        return true;
    }
}
