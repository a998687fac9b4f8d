using Kopis.Web.Html;
using Kopis.Web.Live;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>Shows whether all is well, and the current activity.</summary>
internal static class OverviewPage
{
    /// <summary>The lines of the second plot, with their names and labels.</summary>
    internal static readonly (Rate Rate, string Name, string Label)[] Lines =
    [
        (Rate.Received, "received", "messages received"),
        (Rate.Delivered, "delivered", "delivered"),
        (Rate.Deferred, "deferred", "deferred"),
        (Rate.Failed, "failed", "failed"),
        (Rate.Refused, "refused", "refused"),
    ];

    private const int TopRefusals = 5;

    internal static Task<Reply> ShowAsync(Visit visit)
    {
        Feed feed = visit.Dashboard.Feed;
        DateTimeOffset now = visit.Dashboard.Clock.GetUtcNow();
        return Task.FromResult(Reply.Page("Overview", $"""
            {Layout.Warning(feed.SendFault is { } send ? $"qmail-send: {Shown.Text(send)}" : null)}
            {Layout.Warning(feed.JournalFault is { } journal
                ? $"The journal: {Shown.Text(journal)}" : null)}
            {Numbers(feed.Level)}
            {Plot.Draw("queue", "Messages in the queue",
                [("messages", "messages", feed.Levels(now))])}
            {Plot.Draw("rates", "Events in five seconds",
                [.. Lines.Select(one => (one.Name, one.Label, feed.Rates.Of(one.Rate, now)))])}
            {Refused(feed.Refusals)}
            """));
    }

    private static Markup Numbers(QueueLevel level) => $"""
        <dl class="numbers">
        {Number("messages", "Messages in the queue", level.Messages, "/queue")}
        {Number("held", "Messages held", level.Held, "/queue?state=held")}
        {Number("local", "Local deliveries", level.Local, "/deliveries")}
        {Number("remote", "Remote deliveries", level.Remote, "/deliveries")}
        {Number("waiting", "Waiting for destinations", level.Waiting, "/destinations")}
        {Number("troubled", "Destinations in trouble", level.Troubled, "/destinations")}
        <div><dt>Oldest message</dt><dd>{(level.OldestSeconds == 0
            ? "none" : Shown.Span(level.OldestSeconds))}</dd></div>
        </dl>

        """;

    private static Markup Number(string id, string label, long value, string page) => $"""
        <div><dt>{label}</dt><dd><a href="{page}" data-now="{id}">{value}</a></dd></div>

        """;

    private static Markup Refused(Refusals refusals)
    {
        IReadOnlyList<(string Check, long Count)> counts = refusals.Counts();
        return counts.Count == 0
            ? Markup.None
            : $"""
            <section><h2>Refusals</h2>
            <ul>{Markup.Join(counts.Take(TopRefusals).Select(one => Count(one.Check, one.Count)))}
            </ul></section>

            """;
    }

    private static Markup Count(string check, long count) => $"""
        <li><a href="{Link.To("/refusals", ("check", check))}">{Shown.Text(check)}</a>: {count}</li>

        """;
}
