using System.Globalization;
using System.Text;
using Kopis.Mail.TlsReports;

namespace Kopis.Host.TlsReports;

/// <summary>Reports as a person or a program reads them. All of their texts have been cleaned for a
/// terminal.</summary>
internal static class TlsReportText
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm";

    /// <summary>An array of reports, as RFC 8460 has them; ended by LF.</summary>
    internal static byte[] ToJson(IEnumerable<TlsReport> reports)
    {
        MemoryStream bytes = new();
        bytes.WriteByte((byte)'[');
        bool isFirst = true;
        foreach (TlsReport report in reports)
        {
            bytes.Write(isFirst ? [] : ",\n"u8);
            bytes.Write(TlsReportWriter.Write(report));
            isFirst = false;
        }

        bytes.Write("]\n"u8);
        return bytes.ToArray();
    }

    /// <summary>A line about the report, one for each policy, and one for each failure.</summary>
    internal static string ToTable(TlsReport report)
    {
        StringBuilder text = new();
        text.Append($"{report.Organization} <{report.Contact}>, {Time(report.Begin)} to ")
            .Append($"{Time(report.End)} UTC: {report.Sessions} sessions, report {report.Id}\n");
        foreach (TlsPolicyCount one in report.Policies)
        {
            text.Append($"{one.Domain}  {one.Policy.Kind}  {one.Successes} good, ")
                .Append($"{one.Failures} failed\n");
            foreach (TlsFailure failure in one.Details.OrderByDescending(failure => failure.Count))
            {
                text.Append($"    {failure.Count}  {failure.Result}  {failure.Host} ")
                    .Append($"{failure.Receiver} from {failure.Sender}\n");
            }
        }

        return text.ToString();
    }

    private static string Time(DateTimeOffset time) =>
        time.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
