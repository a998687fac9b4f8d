using System.Globalization;
using System.Text;
using Kopis.Posix;
using Kopis.Queue.Commands;
using Kopis.Queue.Store.Messages;
using Kopis.Web.Html;
using Kopis.Web.Live;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>What the buttons do with messages: they send commands to qmail-send, which logs them.
/// </summary>
internal static class QueueActions
{
    private static readonly (string Word, QueueVerb Verb, string Label, bool IsFinal)[] All =
    [
        ("hold", QueueVerb.Hold, "Hold", false),
        ("release", QueueVerb.Release, "Release", false),
        ("retry", QueueVerb.Retry, "Retry now", false),
        ("bounce", QueueVerb.Bounce, "Return to sender…", true),
        ("remove", QueueVerb.Remove, "Remove…", true),
    ];

    /// <summary>Does what a button says. An action that cannot be undone is asked for once more.
    /// </summary>
    internal static async Task<Reply> ActAsync(Visit visit)
    {
        (string word, QueueVerb verb, _, bool isFinal) =
            All.FirstOrDefault(one => one.Word == visit.Sent("verb"));
        if (word is null || Numbers(visit) is not { Length: > 0 } numbers)
        {
            return Reply.Refusal(400, "Tick one message at least, and choose what to do.");
        }

        if (isFinal && visit.Sent("sure") != "yes")
        {
            return Ask(visit, word, numbers);
        }

        QueueCounts counts = await visit.Dashboard.Send.ChangeAsync(
            verb, new QueueSelection { Numbers = numbers });
        ErrorLog.Write($"kopis-web: {word} {string.Join(' ', numbers)}: "
            + $"{counts.Recipients} recipients of {counts.Messages} messages");
        bool isGone = numbers.Length > 1 || verb is QueueVerb.Remove or QueueVerb.Bounce;
        return Reply.GoTo(Link.To(
            isGone ? "/queue" : "/message",
            ("n", isGone ? null : $"{numbers[0]}"), ("did", word),
            ("count", $"{counts.Recipients}"), ("running", $"{counts.Running}")));
    }

    /// <summary>The result of the last button, for the page that follows.</summary>
    internal static Markup Said(Visit visit)
    {
        string word = All.FirstOrDefault(one => one.Word == visit["did"]).Word;
        return word is null || Count(visit["count"]) is not { } count
            ? Markup.None
            : $"""
            <p class="good" role="status">{word}: {count} recipients.{(Count(visit["running"]) > 0
                ? " Deliveries that run are let finish." : "")}</p>

            """;
    }

    /// <summary>The buttons of a list.</summary>
    /// <param name="what">What the buttons apply to.</param>
    internal static Markup Buttons(string what) => $"""
        <div class="buttons" role="group" aria-label="Actions for {what}">
        {Markup.Join(All.Select(one => Button(one.Word, one.Label, one.IsFinal)))}</div>

        """;

    private static Markup Button(string word, string label, bool isFinal) => $"""
        <button name="verb" value="{word}" class="{(isFinal ? "danger" : "plain")}">{label}</button>

        """;

    private static Reply Ask(Visit visit, string word, ulong[] numbers) => Reply.Page(
        word == "remove" ? "Remove messages?" : "Return messages to their senders?", $"""
        <p>{(word == "remove"
            ? "The messages are dropped, and nobody is told."
            : "The sender gets a bounce for each recipient that is left.")} This cannot be taken
        back.</p>
        <ul>{Markup.Join(numbers.Select(Item))}</ul>
        <form method="post" action="/act">
        {Layout.Token(visit.Session)}
        {Markup.Join(numbers.Select(Hidden))}
        <input type="hidden" name="verb" value="{word}">
        <input type="hidden" name="sure" value="yes">
        <p><button class="danger">{(word == "remove" ? "Remove" : "Return")}</button>
        <a href="/queue">Cancel</a></p>
        </form>

        """);

    private static Markup Item(ulong number) => $"""
        <li>{Layout.Anchor(Link.ToMessage(number), $"message {number}")}</li>

        """;

    private static Markup Hidden(ulong number) =>
        $"""<input type="hidden" name="n" value="{number}">""";

    private static ulong[]? Numbers(Visit visit)
    {
        List<ulong> numbers = [];
        foreach (string? text in visit.Form["n"])
        {
            if (numbers.Count >= SendClient.RowsMax || !MessageNumber.TryParse(
                Encoding.UTF8.GetBytes(text ?? ""), out ulong number))
            {
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers.Distinct()];
    }

    private static long? Count(string text) => uint.TryParse(
        text, NumberStyles.None, CultureInfo.InvariantCulture, out uint count) ? count : null;
}
