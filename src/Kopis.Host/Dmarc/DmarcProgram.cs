using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Dmarc;

/// <summary><c>kopis dmarc</c>: aggregate reports of DMARC (kopis-dmarc(8)).</summary>
public static class DmarcProgram
{
    private const string Usage = """
        usage: kopis dmarc report [--json] FILE…

        report  prints what received reports say; a FILE is XML, gzip, a zip archive, or a message
                that has such a file as a part; - is descriptor 0. Exit 0 if all could be read,
                100 if a file is or has no report, 111 if one cannot be opened

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        if (words.Any(word => word is "--help" or "-h"))
        {
            Fd.WriteAll(1, Encoding.UTF8.GetBytes(Usage));
            return ExitCode.Success;
        }

        if (words is ["report", .. string[] more] && ReportCommand.Run(context, more) is { } code)
        {
            return code;
        }

        Fd.WriteAll(2, Encoding.UTF8.GetBytes(Usage));
        return ExitCode.Permanent;
    }
}
