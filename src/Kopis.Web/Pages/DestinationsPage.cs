using Kopis.Posix;
using Kopis.Queue.Commands;
using Kopis.Web.Html;
using Kopis.Web.Live;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>The destinations of remote mail.</summary>
internal static class DestinationsPage
{
    private static readonly (string Word, QueueVerb Verb, string Label)[] Verbs =
    [
        ("pause", QueueVerb.PauseDestination, "Pause"),
        ("resume", QueueVerb.ResumeDestination, "Resume"),
        ("retry", QueueVerb.RetryDestination, "Try now"),
    ];

    internal static async Task<Reply> ShowAsync(Visit visit)
    {
        byte[]? wanted = QueueSearch.Destination(visit["name"]);
        if (wanted is null && visit["name"].AsSpan().Trim().Length > 0)
        {
            return Reply.Refusal(400, "Not a destination.");
        }

        IReadOnlyList<ListedDestination> all =
            await visit.Dashboard.Send.DestinationsAsync(wanted, visit.Stop);
        return Reply.Page("Destinations", $"""
            {Said(visit)}
            <form class="search" method="get" action="/destinations" role="search">
            <p><label for="name">Name</label>
            <input id="name" name="name" value="{visit["name"]}"
            maxlength="{QueueSearch.DestinationMax}" autocomplete="off" spellcheck="false"></p>
            <p><button class="main">Search</button> <a href="/destinations">All</a></p>
            </form>
            {(all.Count == 0 ? $"""<p class="empty">Nothing.</p>""" : Layout.Table(
                "Destinations of remote mail, those with the most recipients that wait first",
                ["Destination", "State", "Running", "Waiting", "Rate", "Next try", "Last report",
                    "Actions"],
                all.Select(one => Row(visit, one))))}
            {(all.Count == SendClient.DestinationsMax
                ? $"<p>The first {SendClient.DestinationsMax} are shown.</p>" : Markup.None)}
            """);
    }

    /// <summary>Pauses, resumes or tries a destination.</summary>
    internal static async Task<Reply> ActAsync(Visit visit)
    {
        (string word, QueueVerb verb, _) =
            Verbs.FirstOrDefault(one => one.Word == visit.Sent("verb"));
        if (word is null || QueueSearch.Destination(visit.Sent("name")) is not { } name)
        {
            return Reply.Refusal(400, "Not a destination.");
        }

        QueueCounts counts = await visit.Dashboard.Send.ChangeAsync(
            verb, new QueueSelection { Destination = name });
        ErrorLog.Write($"kopis-web: {word} destination {Shown.Text(name)}: {counts.Recipients}");
        return counts.Failed > 0
            ? Reply.Refusal(409, "Too many destinations are paused that have no mail.")
            : Reply.GoTo(Link.To("/destinations", ("did", word)));
    }

    private static Markup Said(Visit visit) =>
        Verbs.FirstOrDefault(one => one.Word == visit["did"]).Word is { } word
            ? $"""<p class="good" role="status">{word}: done.</p>"""
            : Markup.None;

    private static Markup Row(Visit visit, ListedDestination one)
    {
        string name = Shown.Text(one.Name);
        return $"""
            <tr><td>{Layout.Anchor(Link.To("/queue", ("destination", name)), name)}</td>
            <td class="{Shown.Word(one.State)}">{Shown.Word(one.State)}</td>
            <td>{one.Running} of {one.Window}</td><td>{one.Waiting}</td>
            <td>{(one.Rate == 0 ? "–" : $"{one.Rate} in {one.RateMilliseconds / 1000} s")}</td>
            <td>{Shown.Time(one.NextTry)}</td><td>{Shown.Text(one.Text)}</td>
            <td><form method="post" action="/destination">{Layout.Token(visit.Session)}
            <input type="hidden" name="name" value="{name}">
            {Markup.Join(Verbs.Where(verb => verb.Word != (
                one.State == DestinationState.Held ? "pause" : "resume"))
                .Select(verb => Button(verb.Word, verb.Label, name)))}</form></td></tr>

            """;
    }

    private static Markup Button(string word, string label, string name) => $"""
        <button name="verb" value="{word}" aria-label="{label}: {name}">{label}</button>

        """;
}
