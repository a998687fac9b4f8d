using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Host.Control;

/// <summary><c>kopis config</c>: checks, explains and changes the control files
/// (kopis-config(1)).</summary>
public static class ConfigProgram
{
    private const string DryRun = "--dry-run";
    private const string Json = "--json";

    private const string Usage = """
        usage: kopis config check [--json] [FILE]
               kopis config check [--json] --start PROGRAM...
               kopis config explain [FILE]
               kopis config get FILE
               kopis config set [--dry-run] FILE VALUE... | -
               kopis config unset [--dry-run] FILE
               kopis config manual

        Checks the control files, or one of them, as the programs that read them will, or only for
        what stops a program; prints what a file means, what it says here, who reads it and when;
        prints the manual page qmail-control(5). get prints what counts. set writes a file of
        control, a line for each VALUE or from standard input, if nothing would be wrong then, and
        says when the change takes effect. unset removes it, so that its default counts. The home
        is KOPIS_HOME, else that of the program's own bin directory.

        """;

    /// <summary>Runs one command.</summary>
    /// <param name="context">Arguments and home.</param>
    /// <param name="readers">Functions that read files of <c>control</c>, each as one program does.
    /// </param>
    public static int Run(ProgramContext context, IReadOnlyList<ControlReader> readers)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        ConfigCheck check = new(context, readers);
        bool isJson = words is ["check", Json, ..];
        words = isJson ? [words[0], .. words[2..]] : words;
        switch (words)
        {
            case ["check", "--start", _, ..]:
                RequireControl(context);
                return Report(check.Stops(words[2..]).Select(line => (line, true)), isJson);
            case ["check", .. { Length: <= 1 } names] when names is not ["--start" or Json]:
                return Check(context, check, names is [string one] ? Find(one) : null, isJson);
            case ["explain"]:
                return Say(1, Overview(ControlDirectory.Of(context)), ExitCode.Success);
            case ["explain", string file]:
                return Say(1, ConfigText.Explain(context.Home, Find(file)), ExitCode.Success);
            case ["manual"]:
                return Say(1, ControlManual.Page(), ExitCode.Success);
            case ["--help"] or ["-h"]:
                return Say(1, Usage, ExitCode.Success);
            case ["get", string source]:
                return new ConfigSetting(context, check, Find(source), false).Get();
            case ["set" or "unset", ..]:
                return Change(context, check, words) ?? Misused();
            default:
                return Misused();
        }
    }

    /// <summary>The faults of the control files, one line each.</summary>
    internal static string[] Problems(
        ProgramContext context, IReadOnlyList<ControlReader> readers) =>
        new ConfigCheck(context, readers).Problems();

    private static int Check(
        ProgramContext context, ConfigCheck check, ControlFile? one, bool isJson)
    {
        RequireControl(context);
        IEnumerable<string> unknown = one is null ? check.Unknown() : [];
        return Report(
            check.Faults(one).Select(line => (line, true))
                .Concat(unknown.Select(line => (line, line.EndsWith('?')))),
            isJson);
    }

    private static void RequireControl(ProgramContext context)
    {
        if (!Directory.Exists(context.In("control")))
        {
            throw new ConfigurationException($"{context.In("control")}: no such directory");
        }
    }

    private static int Report(IEnumerable<(string Line, bool IsWrong)> found, bool isJson)
    {
        (string Line, bool IsWrong)[] all = [.. found];
        int code = all.Any(one => one.IsWrong) ? ExitCode.Permanent : ExitCode.Success;
        Fd.WriteAll(1, isJson ? ConfigJson.Of(all, code)
            : ByteText.ToBytes(string.Concat(all.Select(one => $"{one.Line}\n"))));
        return code;
    }

    // Null if the command line makes no sense.
    private static int? Change(ProgramContext context, ConfigCheck check, string[] words)
    {
        int skip = words is [_, DryRun, ..] ? 2 : 1;
        bool isSet = words[0] == "set";
        if (isSet ? words.Length < skip + 2 : words.Length != skip + 1)
        {
            return null;
        }

        ConfigSetting setting = new(context, check, Find(words[skip]), skip > 1);
        return isSet ? setting.Set([.. context.Arguments.Skip(skip + 1)]) : setting.Unset();
    }

    private static ControlFile Find(string name) => ControlCatalog.Find(name)
        ?? throw new ConfigurationException(
            $"{ConfigText.Safe(name)}: {ConfigCheck.Nobody(name)}", ExitCode.Permanent)
        { Label = "" };

    private static string Overview(ControlDirectory control)
    {
        StringBuilder text = new();
        foreach (ControlFile file in ControlCatalog.All)
        {
            bool isThere = Path.Exists(
                Path.Combine(Path.GetDirectoryName(control.Directory)!, file.ToString()));
            text.Append(null, $"{(isThere ? '*' : ' ')} {file,-28} {file.Summary}\n");
        }

        return text.ToString();
    }

    private static int Misused() => Say(2, Usage, ExitCode.Permanent);

    private static int Say(int descriptor, string text, int code)
    {
        Fd.WriteAll(descriptor, ByteText.ToBytes(text));
        return code;
    }
}
