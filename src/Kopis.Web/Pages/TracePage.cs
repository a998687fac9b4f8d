using Kopis.Tools.Journal;
using Kopis.Web.Html;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>What happened to messages: the text of <c>kopis trace</c>, and a time line.</summary>
internal static class TracePage
{
    private const int StoriesMax = 20;
    private const int WordsMax = 5;
    private const double Width = 600;
    private const double Margin = 10;

    /// <summary>The time limit, from the wait for a place to the last record.</summary>
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(30);

    private static readonly string[] Ages = ["any time", "1h", "24h", "7d", "30d"];

    internal static async Task<Reply> ShowAsync(Visit visit)
    {
        string asked = visit["q"].Trim();
        Markup result = asked.Length == 0
            ? $"""
            <p>An address, a message number, a Message-ID in angle brackets, or a client's IP
            address; of several all must be of a message.</p>
            """
            : await FindAsync(visit, asked);
        return Reply.Page("Trace", $"""
            <form class="search" method="get" action="/trace" role="search">
            <p><label for="q">What</label>
            <input id="q" name="q" value="{asked}" maxlength="1000" autocomplete="off"
            spellcheck="false"></p>
            <p><label for="since">Not older than</label>
            <select id="since" name="since">{Markup.Join(Ages.Select(
                age => Option(age, visit["since"])))}</select></p>
            <p><button class="main">Trace</button></p>
            </form>
            {result}
            """);
    }

    private static async Task<Markup> FindAsync(Visit visit, string asked)
    {
        string[] words = asked.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] limits = Ages.AsSpan(1).Contains(visit["since"])
            ? ["--since", visit["since"], "--limit", $"{StoriesMax}"]
            : ["--limit", $"{StoriesMax}"];
        if (words.Length > WordsMax || words.Any(word => word.StartsWith('-')))
        {
            return Misunderstood;
        }

        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(visit.Stop);
        limit.CancelAfter(TimeMax);
        try
        {
            return await FindAsync(visit, [.. limits, .. words], limit.Token);
        }
        catch (OperationCanceledException) when (!visit.Stop.IsCancellationRequested)
        {
            return Layout.Warning(
                "This takes too long. Ask for a shorter time, or use kopis trace.");
        }
    }

    private static async Task<Markup> FindAsync(
        Visit visit, string[] words, CancellationToken stop)
    {
        DateTimeOffset now = visit.Dashboard.Clock.GetUtcNow();
        await visit.Dashboard.TracePlaces.WaitAsync(stop);
        try
        {
            IReadOnlyList<TraceStory>? found = await Task.Run(
                () => TraceStory.Find(visit.Dashboard.JournalPath, words, now, stop), stop);
            return found is null ? Misunderstood
                : found.Count == 0 ? $"""<p class="empty">The journal has nothing of it.</p>"""
                : Markup.Join(found.Reverse().Select(Story));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Layout.Warning($"The journal: {Shown.Text(e.Message)}");
        }
        finally
        {
            visit.Dashboard.TracePlaces.Release();
        }
    }

    private static Markup Misunderstood => Layout.Warning(
        "Enter an address, a message number, a Message-ID in angle brackets, or an IP address.");

    private static Markup Option(string age, string chosen) => age == chosen
        ? Markup.Of($"""<option selected>{age}</option>""")
        : $"""<option>{age}</option>""";

    private static Markup Story(TraceStory story) => $"""
        <section class="story"><h2>{Shown.Text(story.Title)}</h2>
        {(story.Number == 0 ? Markup.None
            : $"<p>{Layout.Anchor(Link.ToMessage(story.Number), "In the queue")}</p>")}
        {TimeLine(story)}
        <ol>{Markup.Join(story.Lines.Select(Line))}</ol></section>

        """;

    private static Markup Line(TraceLine line) => $"""
        <li class="{Class(line)}"><time>{Shown.Time(line.Time)}</time> {Shown.Text(line.Text)}
        {Markup.Join(line.Related.Select(number => Related(number)))}</li>

        """;

    private static Markup Related(ulong number) =>
        $"""<a href="{Link.ToTrace($"{number}")}">message {number}</a> """;

    /// <summary>The time line: a mark for each record.</summary>
    private static Markup TimeLine(TraceStory story)
    {
        if (story.Lines.Count < 2)
        {
            return Markup.None;
        }

        DateTimeOffset first = story.Lines[0].Time;
        double seconds = Math.Max(0.001, (story.Lines[^1].Time - first).TotalSeconds);
        return $"""
            <svg class="timeline" viewBox="0 0 {Width} 40"
            preserveAspectRatio="xMinYMid" role="img"
            aria-label="{story.Lines.Count} records in {Shown.Span((long)seconds)}">
            <line class="grid" x1="{Margin}" y1="20" x2="{Width - Margin}" y2="20"></line>
            {Markup.Join(story.Lines.Select(line => Mark(
                line, Margin + ((line.Time - first).TotalSeconds / seconds
                    * (Width - (2 * Margin))))))}</svg>

            """;
    }

    private static Markup Mark(TraceLine line, double x) => $"""
        <circle class="{Class(line)}" cx="{x}" cy="20" r="6">
        <title>{Shown.Time(line.Time)} {Shown.Text(line.Text)}</title></circle>

        """;

    /// <summary>The class of a line in the style sheet.</summary>
    private static string Class(TraceLine line) => (line.Kind, line.Verdict) switch
    {
        ("attempt", "success") or ("end", _) => "ok",
        ("attempt", "failure") or ("refuse", _) or ("bounce", _) => "failed",
        ("attempt", _) => "deferred",
        _ => "event",
    };
}
