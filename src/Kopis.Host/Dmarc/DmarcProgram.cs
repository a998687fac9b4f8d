using Kopis.Base;
using Kopis.Mail.Authentication.Reports;

namespace Kopis.Host.Dmarc;

/// <summary><c>kopis dmarc</c>: aggregate reports of DMARC (kopis-dmarc(8)).</summary>
public static class DmarcProgram
{
    private const string Usage = """
        usage: kopis dmarc report [--json] FILE…
               kopis dmarc send [--dry-run] [--day YYYY-MM-DD]

        report  prints what received reports say; a FILE is XML, gzip, a zip archive, or a message
                that has such a file as a part; - is descriptor 0. Exit 0 if all could be read,
                100 if a file is or has no report, 111 if one cannot be opened
        send    sends the reports of days that are over (UTC), for control/dmarcreports, and
                removes what they are made from. --dry-run only prints what it would do

        """;

    private static readonly ReportFormat<AggregateReport> Format = new(
        "dmarc", IsJson: false, AggregateReportReader.Read, ReportJson.Of, ReportTable.Of);

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context)
    {
        SendCommand command = new(context, TimeProvider.System);
        return new ReportCommand<AggregateReport>(Format).RunProgram(
            context, Usage, command.Run, () => command.Code);
    }
}
