using Kopis.Base;
using Kopis.Host.Dmarc;
using Kopis.Mail.TlsReports;

namespace Kopis.Host.TlsReports;

/// <summary><c>kopis tlsrpt</c>: reports of TLS (kopis-tlsrpt(8)).</summary>
public static class TlsReportProgram
{
    private const string Usage = """
        usage: kopis tlsrpt report [--json] FILE…
               kopis tlsrpt send [--dry-run] [--day YYYY-MM-DD]

        report  prints what received reports say; a FILE is JSON, gzip, a zip archive, or a message
                that has such a file as a part; - is descriptor 0. Exit 0 if all could be read,
                100 if a file is or has no report, 111 if one cannot be opened
        send    sends the reports of days that are over (UTC), for control/tlsreports, and
                removes what they are made from. --dry-run only prints what it would do

        """;

    private static readonly ReportFormat<TlsReport> Format = new(
        "tlsrpt", IsJson: true, TlsReportReader.Read, TlsReportText.ToJson, TlsReportText.ToTable);

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context)
    {
        TlsSendCommand command = new(context, TimeProvider.System);
        return new ReportCommand<TlsReport>(Format).RunProgram(
            context, Usage, command.Run, () => command.Code);
    }
}
