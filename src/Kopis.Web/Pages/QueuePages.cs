using Kopis.Queue.Commands;
using Kopis.Web.Html;
using Kopis.Web.Live;
using Kopis.Web.Server;
using Microsoft.AspNetCore.Http;

namespace Kopis.Web.Pages;

/// <summary>Lists of the queue, one page at a time. qmail-send is asked only for what is shown.
/// </summary>
internal static class QueuePages
{
    /// <summary>The list of recipients, with a search.</summary>
    internal static async Task<Reply> ShowListAsync(Visit visit)
    {
        if (QueueSearch.Parse(visit, out string why) is not { } selection)
        {
            return Reply.Refusal(StatusCodes.Status400BadRequest, why);
        }

        QueuePage page = await visit.Dashboard.Send.ListAsync(selection, visit.Stop);
        return Reply.Page("Queue", $"""
            {QueueActions.Said(visit)}
            {Search(visit)}
            <p>{page.Messages} messages in the queue{(selection.State is { } state
                ? $" that may have recipients in the state {Shown.Word(state)}" : "")}.</p>
            {List(visit, page, "Messages and their recipients")}
            {Next(visit, "/queue", page)}
            """);
    }

    /// <summary>The deliveries under way.</summary>
    internal static async Task<Reply> ShowDeliveriesAsync(Visit visit)
    {
        if (QueueSearch.Parse(visit, out string why) is not { } selection)
        {
            return Reply.Refusal(StatusCodes.Status400BadRequest, why);
        }

        QueuePage page = await visit.Dashboard.Send.ListAsync(
            selection with { State = ListedState.Running }, visit.Stop);
        return Reply.Page("Deliveries in flight", $"""
            <p>Messages with a delivery that runs now: {page.Messages}.</p>
            {List(visit, page, "Deliveries that run")}
            {Next(visit, "/deliveries", page)}
            """);
    }

    /// <summary>The table rows of recipients.</summary>
    internal static Markup Recipients(IEnumerable<ListedRecipient> recipients) =>
        Layout.Table(
            "Recipients", ["Recipient", "Channel", "State", "Tries", "Last report"],
            recipients.Select(Recipient));

    private static Markup Recipient(ListedRecipient one) => $"""
        <tr><td>{Layout.Anchor(Link.ToTrace(Shown.Text(one.Address)), Shown.Text(one.Address))}</td>
        <td>{(one.IsLocal ? "local" : "remote")}</td>
        <td class="{Shown.Word(one.State)}">{Shown.State(one)}</td>
        <td>{one.Tries}</td><td>{Shown.Text(one.Text)}</td></tr>

        """;

    private static Markup List(Visit visit, QueuePage page, string caption)
    {
        if (page.Rows.Count == 0)
        {
            return $"""<p class="empty">Nothing.</p>""";
        }

        long now = visit.Dashboard.Clock.GetUtcNow().ToUnixTimeSeconds();
        return $"""
            <form method="post" action="/act">
            {Layout.Token(visit.Session)}
            {Layout.Table(
                caption, ["Tick", "Message", "Age", "Sender", "Recipient", "State", "Last report"],
                page.Rows.GroupBy(row => row.Message.Number).SelectMany(rows => Rows(rows, now)))}
            {QueueActions.Buttons("the messages that are ticked")}
            </form>

            """;
    }

    private static IEnumerable<Markup> Rows(IEnumerable<QueueRow> rows, long now)
    {
        bool isFirst = true;
        foreach (QueueRow row in rows)
        {
            Markup message = isFirst ? Head(row.Message, now)
                : $"""<td></td><td></td><td></td><td></td>""";
            isFirst = false;
            yield return $"""
                <tr>{message}<td>{Shown.Text(row.Recipient.Address)}</td>
                <td class="{Shown.Word(row.Recipient.State)}">{Shown.State(row.Recipient)}</td>
                <td>{Shown.Text(row.Recipient.Text)}</td></tr>

                """;
        }
    }

    private static Markup Head(ListedMessage message, long now) => $"""
        <td><input type="checkbox" name="n" value="{message.Number}"
        aria-label="message {message.Number}"></td>
        <td>{Layout.Anchor(Link.ToMessage(message.Number), $"{message.Number}")}</td>
        <td>{Shown.Span(now - message.Born)}</td><td>{Shown.Sender(message.Sender)}</td>
        """;

    private static Markup Search(Visit visit) => $"""
        <form class="search" method="get" action="/queue" role="search">
        {Field("sender", "Sender", visit["sender"])}
        {Field("recipient", "Recipient", visit["recipient"])}
        {Field("domain", "Domain", visit["domain"])}
        {Field("number", "Message number", visit["number"])}
        <p><label for="state">State</label>
        <select id="state" name="state">{Markup.Join(QueueSearch.States.Select(
            one => Option(one.Name, visit["state"])))}</select></p>
        <p><button class="main">Search</button> <a href="/queue">All</a></p>
        </form>

        """;

    private static Markup Field(string name, string label, string value) => $"""
        <p><label for="{name}">{label}</label>
        <input id="{name}" name="{name}" value="{value}" maxlength="320" autocomplete="off"
        spellcheck="false"></p>

        """;

    private static Markup Option(string name, string chosen) => name == chosen
        ? Markup.Of($"""<option selected>{name}</option>""")
        : $"""<option>{name}</option>""";

    private static Markup Next(Visit visit, string path, QueuePage page)
    {
        if (page.Next is not { } next)
        {
            return Markup.None;
        }

        string link = Link.To(
            path, ("sender", visit["sender"]), ("recipient", visit["recipient"]),
            ("domain", visit["domain"]), ("destination", visit["destination"]),
            ("number", visit["number"]), ("state", visit["state"]),
            ("from", $"{next.Message.Number}"),
            ("at", $"{next.Recipient.Index}"));
        return $"""<p><a class="next" rel="next" href="{link}">Next page</a></p>""";
    }
}
