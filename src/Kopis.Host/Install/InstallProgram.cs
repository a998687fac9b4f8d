using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary><c>kopis install</c> and <c>kopis check-install</c>.</summary>
public static class InstallProgram
{
    private const int ExitNotRight = ExitCode.Permanent;

    private const string Usage =
        "usage: kopis install [--home DIR] [--pages DIR] [--systemd] [--log FILE] [--packaged]\n"
        + "       kopis install [--home DIR] --uninstall | --summary NUMBER | --startable\n"
        + "       kopis install [--home DIR] --stage DIR\n";

    private const string CheckUsage = "usage: kopis check-install [--mend] [--home DIR]\n";

    /// <summary>Runs <c>kopis install</c>, which <c>./install</c> calls.</summary>
    /// <param name="context">Arguments and environment.</param>
    /// <param name="programs">Names to link into the home's bin.</param>
    public static int Run(ProgramContext context, IReadOnlyList<string> programs)
    {
        if (InstallOptions.Parse(Words(context)) is not { } options)
        {
            return Misuse(Usage, context);
        }

        if (options.Stage is { } stage)
        {
            UnitFiles.Stage(stage, options.Home);
            return ExitCode.Success;
        }

        if (options.Startable || options.Summary is not null)
        {
            InstallSummary summary = new(options.Home);
            return Say(options.Startable
                ? summary.StartableWithRest() : summary.Lines(options.Summary!.Value));
        }

        return AsRoot(() =>
        {
            HostTools tools = new(context.Environment);
            if (options.Uninstall)
            {
                return Say(new Uninstaller(options.Home, tools, programs).Run());
            }

            IEnumerable<InstallLine> lines =
                new Installation(options.Home, tools, programs).Install(options);
            return options.Log is null
                ? Say(lines.Select(line => line.Text)) : Note(options.Log, lines);
        });
    }

    // All lines go to the log; those that somebody has to read are also printed.
    private static int Note(string log, IEnumerable<InstallLine> lines)
    {
        const OpenFlags anew = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate
            | OpenFlags.CloseOnExec;
        int fd = Fd.Open(log, anew, 0x1A4); // 0644
        foreach (InstallLine line in lines)
        {
            Fd.WriteAll(fd, Encoding.UTF8.GetBytes(line.Text + "\n"));
            if (line.IsForEyes)
            {
                Print(1, line.Text + "\n");
            }
        }

        Fd.Close(fd);
        return ExitCode.Success;
    }

    /// <summary>Compares an installation with the manifest, and repairs it if asked to.</summary>
    public static int Check(ProgramContext context, IReadOnlyList<string> programs)
    {
        List<string> words = Words(context);
        bool mend = words.Remove("--mend");
        int at = words.IndexOf("--home");
        if (words.Count != (at < 0 ? 0 : 2) || at > 0)
        {
            return Misuse(CheckUsage, context);
        }

        string home = at < 0 ? context.Home : words[1];
        Installation installation = new(home, new HostTools(context.Environment), programs);
        return AsRoot(() => Report(installation, mend));
    }

    private static int Report(Installation installation, bool mend)
    {
        int left = 0;
        foreach (Finding finding in installation.Check())
        {
            bool mended = mend && finding.Mend is not null;
            if (mended)
            {
                finding.Mend!();
            }
            else
            {
                left++;
            }

            Print(1, mended ? $"corrected: {finding.Text}\n" : $"{finding.Text}\n");
        }

        return left == 0 ? ExitCode.Success : ExitNotRight;
    }

    private static int AsRoot(Func<int> action)
    {
        if (Processes.EffectiveUid != 0)
        {
            throw new ConfigurationException("only root can do that", ExitCode.Permanent);
        }

        Processes.SetFileModeMask(0x12); // 022
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static int Say(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            Print(1, line + "\n");
        }

        return ExitCode.Success;
    }

    private static int Misuse(string usage, ProgramContext context)
    {
        bool isAsked = Words(context) is ["--help"] or ["-h"];
        Print(isAsked ? 1 : 2, usage);
        return isAsked ? ExitCode.Success : ExitCode.Permanent;
    }

    private static List<string> Words(ProgramContext context) =>
        [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];

    private static void Print(int fd, string text) => Fd.WriteAll(fd, Encoding.UTF8.GetBytes(text));
}
