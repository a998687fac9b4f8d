using System.Globalization;
using System.Text;
using Kopis.Queue.Commands;

namespace Kopis.Web.Html;

/// <summary>Foreign bytes and times as text for people.</summary>
internal static class Shown
{
    private const int CharactersMax = 500;

    /// <summary>UTF-8 as text. Control and format characters, which could reverse the order of a
    /// line, become U+FFFD, and so do invalid bytes. Long text is cut.</summary>
    internal static string Text(ReadOnlySpan<byte> bytes) => Text(Encoding.UTF8.GetString(bytes));

    /// <inheritdoc cref="Text(ReadOnlySpan{byte})"/>
    internal static string Text(string text)
    {
        StringBuilder shown = new(Math.Min(text.Length, CharactersMax));
        foreach (Rune rune in text.TrimEnd('\n').EnumerateRunes())
        {
            if (shown.Length >= CharactersMax)
            {
                return shown.Append('…').ToString();
            }

            bool isShown = rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
                UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
            shown.Append(isShown ? rune.ToString() : rune.Value == '\n' ? " / " : "\uFFFD");
        }

        return shown.ToString();
    }

    /// <summary>An envelope sender.</summary>
    internal static string Sender(ReadOnlySpan<byte> sender) =>
        sender.IsEmpty ? "<> (a bounce)" : Text(sender);

    /// <summary>Unix time, in UTC, limited to the range of the calendar.</summary>
    internal static string Time(long seconds) =>
        seconds == 0 ? "–" : Time(DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(
            seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(),
            DateTimeOffset.MaxValue.ToUnixTimeSeconds())));

    /// <summary>A time in UTC.</summary>
    internal static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>How long something took or has waited, in its two largest units.</summary>
    internal static string Span(long seconds) => seconds switch
    {
        < 0 => "0 s",
        < 60 => $"{seconds} s",
        < 3600 => $"{seconds / 60} min {seconds % 60} s",
        < 86_400 => $"{seconds / 3600} h {seconds / 60 % 60} min",
        _ => $"{seconds / 86_400} d {seconds / 3600 % 24} h",
    };

    /// <summary>What a recipient is waiting for.</summary>
    internal static string State(ListedRecipient recipient) => recipient.State switch
    {
        ListedState.Waiting when recipient.NextTry > 0 =>
            $"next try {Time(recipient.NextTry)}",
        ListedState.Waiting => "next try when this round is over",
        ListedState.Due => "due: waits for its turn",
        ListedState.Running => "a delivery runs",
        ListedState.Held => "held",
        ListedState.Done => "done",
        _ => "to do",
    };

    /// <summary>A state's word, which is also its class in the style sheet.</summary>
    internal static string Word(Enum state) => state.ToString().ToLowerInvariant();
}
