using Kopis.Tools.Journal;
using Kopis.Web.Html;
using Kopis.Web.Live;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>Refusals to clients, by the check that refused.</summary>
internal static class RefusalsPage
{
    internal static Task<Reply> ShowAsync(Visit visit)
    {
        Feed feed = visit.Dashboard.Feed;
        string? check = visit["check"] is { Length: > 0 } chosen ? chosen : null;
        IReadOnlyList<(string Check, long Count)> counts = feed.Refusals.Counts();
        Markup body = counts.Count == 0
            ? Markup.Of(
                $"""<p class="empty">Nothing was refused that the journal still has.</p>""")
            : $"""
            <p>Since {Shown.Time(feed.Refusals.Since ?? default)} UTC.</p>
            {Layout.Table("Refusals by check", ["Check", "Refusals"], counts.Select(Row))}
            {Layout.Table(check is null ? "The last refusals" : $"The last refusals by {check}",
                ["Time (UTC)", "Check", "Client", "Sender", "Recipient", "Reply"],
                feed.Refusals.Last(check).Select(Row))}
            """;
        return Task.FromResult(Reply.Page("Refusals", $"""
            {Layout.Warning(feed.JournalFault is { } fault
                ? $"The journal: {Shown.Text(fault)}" : null)}
            {body}
            """));
    }

    private static Markup Row((string Check, long Count) one) => $"""
        <tr><td>{Layout.Anchor(
            Link.To("/refusals", ("check", one.Check)), Shown.Text(one.Check))}</td>
        <td>{one.Count}</td></tr>

        """;

    private static Markup Row(JournalEntry entry)
    {
        string client = entry["ip"] ?? "";
        return $"""
            <tr><td>{Shown.Time(entry.Time)}</td><td>{Shown.Text(entry["check"] ?? "")}</td>
            <td>{Layout.Anchor(Link.ToTrace(client), Shown.Text(client))}</td>
            <td>{Shown.Text(entry["from"] ?? "")}</td>
            <td>{Shown.Text(entry.All("to") is [var first, ..] ? first : "")}</td>
            <td>{Shown.Text(entry["text"] ?? "")}</td></tr>

            """;
    }
}
