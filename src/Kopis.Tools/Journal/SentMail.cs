using Kopis.Base;

namespace Kopis.Tools.Journal;

/// <summary>What an accepted message adds to its sender's counts.</summary>
/// <param name="Time">When it was accepted.</param>
/// <param name="Sender">The sender, by the requested key.</param>
/// <param name="Recipients">How many recipients it has.</param>
/// <param name="Bytes">Its size.</param>
internal readonly record struct SentMail(
    DateTimeOffset Time, string Sender, long Recipients, long Bytes)
{
    /// <summary>Reads a record; null if it does not count.</summary>
    internal static SentMail? Of(JournalEntry entry, SenderKey key) =>
        entry.IsOfProgram || NameOf(entry, key) is not { } name ? null : new SentMail(
            entry.Time, name, (long)(entry.Number("rcpts") ?? 0),
            (long)(entry.Number("size") ?? 0));

    // A bounce has no sender.
    private static string? NameOf(JournalEntry entry, SenderKey key) => key switch
    {
        SenderKey.Login => entry["login"],
        SenderKey.Sender => entry["from"] is { Length: > 0 } from ? from : "<>",
        SenderKey.Domain => entry["from"] is { Length: > 0 } from
            ? new TextAddress(from).DomainOrAll.ToString().ToLowerInvariant() : "<>",
        _ => entry["ip"] ?? $"uid {entry["uid"]}",
    };
}
