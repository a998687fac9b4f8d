using System.Globalization;
using System.Text;
using Kopis.Mail.Authentication.Reports;

namespace Kopis.Host.Dmarc;

/// <summary>A report as a table. All its texts have been made safe for a terminal.</summary>
internal static class ReportTable
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm";
    private const int WidthMax = 50; // Else one long cell of 100,000 rows makes 100 MB of blanks.

    /// <summary>Two lines about the report, and one for each row.</summary>
    internal static string Of(AggregateReport report)
    {
        PublishedPolicy policy = report.Policy;
        StringBuilder text = new();
        text.Append($"{report.Organization} <{report.Email}> about {policy.Domain}, ")
            .Append($"{Time(report.Begin)} to {Time(report.End)} UTC: ")
            .Append($"{report.Messages} messages, report {report.Id}\n")
            .Append($"published:{Word("p", policy.Policy)}{Word("sp", policy.SubdomainPolicy)}")
            .Append($"{Word("np", policy.MissingPolicy)}{Word("adkim", policy.DkimAlignment)}")
            .Append($"{Word("aspf", policy.SpfAlignment)}{Word("t", policy.Testing)}\n");
        if (report.Error.Length > 0)
        {
            text.Append($"error: {report.Error}\n");
        }

        List<string[]> lines = [["source", "count", "disposition", "dkim", "spf", "from", ""]];
        lines.AddRange(report.Rows.OrderByDescending(row => row.Count).Select(Cells));
        int[] widths = [.. Enumerable.Range(0, lines[0].Length - 1)
            .Select(column => Math.Min(WidthMax, lines.Max(line => line[column].Length)))];
        foreach (string[] line in lines)
        {
            string joined = string.Join("  ", line.Select((cell, column) =>
                column == 1 ? cell.PadLeft(widths[column])
                : column < widths.Length ? cell.PadRight(widths[column])
                : cell));
            text.Append(joined.TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    // The columns dkim and spf show the results with alignment, which count for DMARC. The last
    // column has the others.
    private static string[] Cells(ReportRow row) =>
    [
        row.Source, row.Count.ToString(CultureInfo.InvariantCulture), row.Disposition, row.Dkim,
        row.Spf, row.HeaderFrom,
        string.Join(", ",
        [
            .. row.Signatures.Select(one => $"dkim={one.Result} of {one.Domain}"
                + (one.Selector.Length > 0 ? $"/{one.Selector}" : "")),
            .. row.Senders.Select(one => $"spf={one.Result} of {one.Domain}"),
            .. row.Reasons.Select(one => $"override {one.Type}"
                + (one.Comment.Length > 0 ? $" ({one.Comment})" : "")),
        ]),
    ];

    private static string Word(string name, string value) =>
        value.Length > 0 ? $" {name}={value}" : "";

    private static string Time(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds)
        .ToString(TimeFormat, CultureInfo.InvariantCulture);
}
