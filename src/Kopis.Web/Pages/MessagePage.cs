using System.Text;
using Kopis.Queue.Commands;
using Kopis.Queue.Store.Messages;
using Kopis.Web.Html;
using Kopis.Web.Live;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>One message of the queue: why it is still here, and what can be done about it.
/// </summary>
internal static class MessagePage
{
    private const int RecipientsMax = 200;

    internal static async Task<Reply> ShowAsync(Visit visit)
    {
        if (!MessageNumber.TryParse(Encoding.UTF8.GetBytes(visit["n"]), out ulong number))
        {
            return Reply.Refusal(400, "Not a message number.");
        }

        QueuePage page = await visit.Dashboard.Send.ListAsync(
            new QueueSelection { Numbers = [number] }, visit.Stop, RecipientsMax);
        Markup trace = Layout.Anchor(Link.ToTrace($"{number}"), "What became of it");
        if (page.Rows.Count == 0)
        {
            return new Reply(404, $"Message {number}", $"""
                {QueueActions.Said(visit)}
                <p>It is not in the queue: finished, or never there.</p><p>{trace}</p>
                """);
        }

        ListedMessage message = page.Rows[0].Message;
        return Reply.Page($"Message {number}", $"""
            {QueueActions.Said(visit)}
            <dl class="facts">
            <div><dt>Sender</dt><dd>{Shown.Sender(message.Sender)}</dd></div>
            <div><dt>Arrived</dt><dd>{Shown.Time(message.Born)} UTC, by uid {message.Uid}</dd></div>
            <div><dt>Story</dt><dd>{trace}</dd></div>
            </dl>
            <form method="post" action="/act">
            {Layout.Token(visit.Session)}
            <input type="hidden" name="n" value="{number}">
            {QueueActions.Buttons("this message")}
            </form>
            {QueuePages.Recipients(page.Rows.Select(row => row.Recipient))}
            {(page.Next is null ? Markup.None : More(number))}
            """);
    }

    private static Markup More(ulong number) => $"""
        <p><a href="{Link.To("/queue", ("number", $"{number}"))}">All recipients</a></p>

        """;
}
