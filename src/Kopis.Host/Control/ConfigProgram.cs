using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Host.Control;

/// <summary><c>kopis config</c>: checks and explains the control files (kopis-config(1)).</summary>
public static class ConfigProgram
{
    private const string Usage = """
        usage: kopis config check [FILE]
               kopis config explain [FILE]
               kopis config manual

        Checks the control files, or one of them, as the programs that read them will; tells what a
        file means, what it says here, who reads it and when; prints the manual page
        qmail-control(5). The home is KOPIS_HOME, else that of the program's own bin directory.

        """;

    /// <summary>Runs one command.</summary>
    /// <param name="context">Arguments and home.</param>
    /// <param name="readers">Each reads files of <c>control</c> as a program does.</param>
    public static int Run(
        ProgramContext context,
        IReadOnlyList<Func<ControlDirectory, IEnumerable<string>>> readers)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        return words switch
        {
            ["check"] => Check(context, readers, null),
            ["check", string name] => Check(context, readers, Find(name)),
            ["explain"] => Say(1, Overview(ControlDirectory.Of(context)), ExitCode.Success),
            ["explain", string name] =>
                Say(1, ConfigText.Explain(context.Home, Find(name)), ExitCode.Success),
            ["manual"] => Say(1, ControlManual.Page(), ExitCode.Success),
            ["--help"] or ["-h"] => Say(1, Usage, ExitCode.Success),
            _ => Say(2, Usage, ExitCode.Permanent),
        };
    }

    /// <summary>What is wrong with the control files, a line each.</summary>
    internal static string[] Problems(
        ProgramContext context,
        IReadOnlyList<Func<ControlDirectory, IEnumerable<string>>> readers)
    {
        Read(context, readers, out ControlProblems control, out ControlProblems users);
        return
        [
            .. control.All, .. users.All,
            .. Unknown(context.In("control")).Where(line => line.EndsWith('?')),
        ];
    }

    private static int Check(
        ProgramContext context,
        IReadOnlyList<Func<ControlDirectory, IEnumerable<string>>> readers, ControlFile? one)
    {
        string directory = context.In("control");
        if (!Directory.Exists(directory))
        {
            throw new ConfigurationException($"{directory}: no such directory");
        }

        Read(context, readers, out ControlProblems control, out ControlProblems users);
        string[] problems = one is null
            ? [.. control.All, .. users.All]
            : [.. control.Of(one), .. users.Of(one)];
        string[] unknown = one is null ? [.. Unknown(directory)] : [];
        bool isWrong = problems.Length > 0 || unknown.Any(line => line.EndsWith('?'));
        return Say(
            1, string.Concat(problems.Concat(unknown).Select(line => $"{line}\n")),
            isWrong ? ExitCode.Permanent : ExitCode.Success);
    }

    private static void Read(
        ProgramContext context,
        IReadOnlyList<Func<ControlDirectory, IEnumerable<string>>> readers,
        out ControlProblems control, out ControlProblems users)
    {
        control = new ControlProblems(context.In("control"));
        users = new ControlProblems(context.In("users"));
        foreach (ControlFile file in ControlCatalog.All.Where(
            file => file.Folder != AuthFiles.Directory)) // Read as qmail-remote does, below.
        {
            (file.Folder == "users" ? users : control).Read(file);
        }

        foreach (Func<ControlDirectory, IEnumerable<string>> read in readers)
        {
            control.ReadAs(read);
        }

        users.ReadAs(_ => new VirtualUsers(context.Home).Faults());
        users.ReadAs(_ => new VirtualAliases(context.Home).Faults());
    }

    // A file of the site's own is no mistake; one that is nearly a name of ours is.
    private static IEnumerable<string> Unknown(string directory) =>
        Directory.EnumerateFileSystemEntries(directory)
            .Select(path => Path.GetFileName(path))
            .Where(name => ControlCatalog.Find($"control/{name}") is null)
            .Order(StringComparer.Ordinal)
            .Select(name => $"control/{ConfigText.Safe(name)}: {Nobody(name)}");

    private static string Nobody(string name) => "no program reads this file"
        + (ControlCatalog.Nearest(name) is { } near ? $"; did you mean {near.Name}?" : "");

    private static ControlFile Find(string name) => ControlCatalog.Find(name)
        ?? throw new ConfigurationException(
            $"{ConfigText.Safe(name)}: {Nobody(name)}", ExitCode.Permanent)
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

    private static int Say(int descriptor, string text, int code)
    {
        Fd.WriteAll(descriptor, ByteText.ToBytes(text));
        return code;
    }
}
