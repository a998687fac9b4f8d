using Kopis.Web.Html;

namespace Kopis.Web.Pages;

/// <summary>Lines over the last ten minutes, as SVG. The script redraws them; without it they show
/// the moment when the page was requested.</summary>
internal static class Plot
{
    private const double Width = 600;
    private const double Height = 140;

    /// <summary>Draws a plot.</summary>
    /// <param name="id">The plot's name in the data that the script asks for.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="lines">Its lines: a name for the style sheet and the script, a label, and
    /// values.</param>
    internal static Markup Draw(
        string id, string title, IReadOnlyList<(string Name, string Label, long[] Values)> lines)
    {
        long top = Math.Max(1, lines.Max(line => line.Values.Max()));
        return $"""
            <figure class="plot" data-plot="{id}">
            <figcaption>{title} <span class="top">up to <span data-top="{id}">{top}</span></span>
            </figcaption>
            <svg viewBox="0 0 {Width} {Height}" preserveAspectRatio="none" role="img"
            aria-label="{title}, the last ten minutes">
            <line class="grid" x1="0" y1="{Height / 2}" x2="{Width}" y2="{Height / 2}"></line>
            {Markup.Join(lines.Select(line => Line(id, line.Name, line.Values, top)))}</svg>
            <ul class="legend">{Markup.Join(lines.Select(line => Key(
                id, line.Name, line.Label, line.Values[^1])))}</ul>
            </figure>

            """;
    }

    private static Markup Line(string id, string name, long[] values, long top) =>
        $"""
        <polyline class="line {name}" data-line="{id}.{name}" points="{Points(values, top)}">
        </polyline>

        """;

    private static Markup Key(string id, string name, string label, long last) => $"""
        <li><span class="key {name}" aria-hidden="true"></span>{label}:
        <span data-last="{id}.{name}">{last}</span></li>

        """;

    private static Markup Points(long[] values, long top) => Markup.Join(values.Select(
        (value, i) => Point(
            i * Width / (values.Length - 1), Height - 4 - (value * (Height - 8) / top))));

    private static Markup Point(double x, double y) => $"{x},{y} ";
}
