using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Status;

/// <summary><c>kopis status</c>: a host on one screen (kopis-status(1)).</summary>
public static class StatusProgram
{
    private const string Usage = """
        usage: kopis status [--json]

        Prints what runs, what waits, what became of the last hour's mail, and what needs
        attention, each with the command that shows more.
        Exit status: 0 all is well, 1 something needs an administrator, 2 mail is not taken or not
        delivered; 100 bad usage, or the host may not be asked by you.

        """;

    /// <summary>Runs it.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        switch (words)
        {
            case [] or ["--json"]:
                HostReport report = StatusRights.Gather(context);
                byte[] text = words.Length > 0
                    ? StatusJson.Of(report, context.Home)
                    : Encoding.UTF8.GetBytes(StatusText.Of(
                        report, context.Home, HasColour(context)));
                Fd.WriteAll(1, text);
                return (int)report.Level;
            case ["--help" or "-h"]:
                return Say(1, ExitCode.Success);
            default:
                return Say(2, ExitCode.Permanent);
        }
    }

    /// <summary>Colour is for terminals whose user does not refuse it (no-color.org).</summary>
    internal static bool HasColour(ProgramContext context) => Terminal.Is(1)
        && context.Environment["NO_COLOR"] is not { Length: > 0 }
        && context.Environment.Text("TERM") is not (null or "" or "dumb");

    private static int Say(int fd, int code)
    {
        Fd.WriteAll(fd, ByteText.ToBytes(Usage));
        return code;
    }
}
