using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Tools.Journal;

namespace Kopis.Host.Status;

/// <summary><c>kopis top</c>: what a host does now, drawn once a second (kopis-top(1)).</summary>
public static class TopProgram
{
    private const byte ControlC = 3, ControlD = 4;
    private const int RowsUsual = 24, ColumnsUsual = 80;
    private const string Usage = """
        usage: kopis top [--once]

        Shows once a second what runs, what waits, how fast mail comes and goes, the busiest
        destinations and who sends most. q or Ctrl-C ends it. --once prints it once, with the
        rates of one second, and needs no terminal.
        Exit status: 0; 100 bad usage, or the host may not be asked by you.

        """;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs it.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        switch (words)
        {
            case ["--help" or "-h"]:
                return Say(1, Usage, ExitCode.Success);
            case ["--once"]:
                TopScreen once = new(context.Home, Senders(context), StatusRights.Gather(context));
                Thread.Sleep(Pause); // A rate needs two looks.
                once.Add(StatusRights.Gather(context));
                return Say(1, string.Concat(once.Lines(int.MaxValue, int.MaxValue)
                    .Select(line => line + "\n")), ExitCode.Success);
            case [] when Terminal.Is(0) && Terminal.Is(1):
                return Watch(context);
            case []:
                return Say(
                    2, "kopis top: needs a terminal, or --once\n", ExitCode.Permanent);
            default:
                return Say(2, Usage, ExitCode.Permanent);
        }
    }

    private static int Watch(ProgramContext context)
    {
        TopScreen top = new(context.Home, Senders(context), StatusRights.Gather(context));
        using ManualResetEventSlim stop = new();
        using TerminalScreen screen = new(stop.Set);
        while (!stop.IsSet)
        {
            (int rows, int columns) = Terminal.SizeOf(1) ?? (RowsUsual, ColumnsUsual);
            screen.Draw(top.Lines(rows, columns));
            if (TerminalScreen.Read(Pause)
                is (byte)'q' or (byte)'Q' or ControlC or ControlD or 0)
            {
                break;
            }

            top.Add(StatusRights.Gather(context));
        }

        return ExitCode.Success;
    }

    private static RecentSenders? Senders(ProgramContext context)
    {
        StatusRights.GoOn(context);
        try
        {
            return new RecentSenders(
                context.In("journal"), SenderKey.Sender, TimeProvider.System);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // There is no journal.
        }
    }

    private static int Say(int fd, string text, int code)
    {
        Fd.WriteAll(fd, Encoding.UTF8.GetBytes(text));
        return code;
    }
}
