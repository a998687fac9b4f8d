using System.Globalization;
using System.Text;

namespace Kopis.Tools.Journal;

/// <summary>Formats records as text, one line each.</summary>
internal static class TraceText
{
    private const int AddressesShown = 5;

    /// <summary>The first line of a message.</summary>
    internal static string Title(ulong number, IReadOnlyList<JournalEntry> entries)
    {
        if (number == 0)
        {
            return "Sessions";
        }

        JournalEntry? envelope = entries.OrderByDescending(entry => entry.All("to").Count)
            .FirstOrDefault(entry => entry["from"] is not null);
        string from = envelope?["from"] is { } sender ? $" from <{sender}>" : "";
        return Safe($"Message {number}{from}{To(envelope)}");
    }

    /// <summary>Formats one record.</summary>
    /// <param name="entry">The record.</param>
    /// <param name="time">Its time in the reader's time zone.</param>
    /// <param name="forwards">The numbers of the messages that the record forwarded.</param>
    internal static string Line(
        JournalEntry entry, DateTimeOffset time, IReadOnlyList<ulong> forwards) =>
        time.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) + "  "
            + WordsOf(entry, forwards);

    /// <summary>The same without its time.</summary>
    internal static string WordsOf(JournalEntry entry, IReadOnlyList<ulong> forwards) =>
        Safe(Words(entry, forwards));

    private static string Words(JournalEntry entry, IReadOnlyList<ulong> forwards) =>
        entry.Kind switch
        {
            "connect" => $"{Client(entry)} connects",
            "login" => $"{Client(entry)}: login of {entry["login"]} "
                + $"{(entry["result"] == "ok" ? "is good" : "failed")}{Tls(entry)}",
            "close" => $"{Client(entry)}: session of {entry["login"]} ends after "
                + Milliseconds(entry),
            "refuse" => $"{Client(entry)}: refused by {entry["check"]}{Helo(entry)}, "
                + $"from <{entry["from"]}>{To(entry)}: {entry["text"]}",
            "refused" => $"{Client(entry)}: refused {entry["n"]} times more",
            "accept" => $"accepted from {Client(entry)}{Helo(entry)}{Login(entry)}"
                + $"{Tls(entry)}: {Size(entry)}{Checks(entry)}",
            "queued" => $"queued by uid {entry["uid"]}{Origin(entry)}: {Size(entry)}",
            "unqueued" => $"refused to uid {entry["uid"]}: {entry["text"]}",
            "new" => $"in the queue for {entry["rcpts"]} recipients, qp {entry["qp"]}",
            "attempt" => Attempt(entry, forwards),
            "bounce" or "notice" =>
                $"{entry.Kind} to the sender, as message {entry["child"]}",
            "discard" => $"{entry["why"]} bounce discarded",
            "end" => "finished",
            "lost" => $"{entry["n"]} records lost {entry["why"]}",
            _ => entry.Kind,
        };

    private static string Attempt(JournalEntry entry, IReadOnlyList<ulong> forwards) =>
        $"delivery {entry["delivery"]}, {entry["channel"]}, to {entry["to"]}: {entry["verdict"]} "
        + $"after {Milliseconds(entry)}"
        + (entry["host"] is { } host ? $" at {host}" : "")
        + string.Concat(forwards.Select(number => $", forwarded as message {number}"))
        + (entry["text"] is { Length: > 0 } text ? $": {text.Replace('\n', '/')}" : "");

    private static string Client(JournalEntry entry) =>
        $"{entry["proto"]} client {entry["ip"]}"
        + (entry["host"] is { } host ? $" ({host})" : "");

    private static string Helo(JournalEntry entry) =>
        entry["helo"] is { } name ? $", helo {name}" : "";

    private static string Login(JournalEntry entry) =>
        entry["login"] is { } user ? $", user {user}" : "";

    private static string Origin(JournalEntry entry) =>
        entry["origin"] is { } origin ? $", from the {origin}" : "";

    private static string Tls(JournalEntry entry) => entry["tls"] is { } tls ? $", {tls}" : "";

    private static string Size(JournalEntry entry) => $"{entry["size"]} bytes, qp {entry["qp"]}"
        + (entry["mid"] is { } id ? $", Message-ID {id}" : "")
        + (entry["subject"] is { } subject ? $", subject {subject}" : "");

    private static string Checks(JournalEntry entry) =>
        entry["checks"] is { } checks ? $"; {checks}" : "";

    private static string Milliseconds(JournalEntry entry) => $"{entry["ms"]} ms";

    private static string To(JournalEntry? entry)
    {
        IReadOnlyList<string> all = entry?.All("to") ?? [];
        ulong count = Math.Max(entry?.Number("rcpts") ?? 0, (ulong)all.Count);
        int shown = Math.Min(all.Count, AddressesShown);
        return shown == 0 ? ""
            : $" to {string.Join(", ", all.Take(shown).Select(one => $"<{one}>"))}"
                + (count > (ulong)shown ? $" and {count - (ulong)shown} more" : "");
    }

    /// <summary>Replaces characters that would control a terminal.</summary>
    internal static string Safe(string text)
    {
        StringBuilder safe = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isShown = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
                or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned);
            safe.Append(isShown ? rune.ToString() : "?");
        }

        return safe.ToString();
    }
}
