using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Posix;

namespace Kopis.Host.Control;

/// <summary><c>qmail-showctl</c>: explains the control files (contract §11).</summary>
public static class QmailShowctlProgram
{
    private const string Trouble = "Oops! Trouble reading this file.\n";

    // The text if there is no rcpthosts.
    private const string Missed = "Missing: SMTP clients may send messages to local recipients "
        + "only, as openrelay does not say otherwise.";

    private const string InVain = "No rcpthosts; morercpthosts is irrelevant.";
    private const string InVainBefore = "No rcpthosts; doesn't matter that morercpthosts has {}.";

    private static readonly ControlFile[] MoreOfRcptHosts =
        [SmtpFiles.MoreRcptHosts, SmtpFiles.MoreRcptHostsCdb];

    private static readonly string[] Users =
        ["alias", "qmaild", "qmaill", "root", "qmailp", "qmailq", "qmailr", "qmails"];

    /// <summary>Users with the groups nofiles and qmail.</summary>
    private static readonly string[] GroupUsers = ["qmaild", "qmailq"];

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        StringBuilder text = new();
        WriteHost(text, context.Home);
        ControlDirectory control = ControlDirectory.Of(context);
        int code = ExitCode.Success;
        if (Directory.Exists(control.Directory))
        {
            WriteControls(text, control);
        }
        else
        {
            text.Append("Oops! Unable to chdir to control.\n");
            code = ExitCode.Temporary;
        }

        Fd.WriteAll(1, ByteText.ToBytes(text.ToString()));
        return code;
    }

    private static void WriteHost(StringBuilder text, string home) => text
        .Append($"qmail home directory: {home}.\n")
        .Append("user-ext delimiter: -.\n")
        .Append("paternalism (in decimal): 2.\n")
        .Append("silent concurrency limit: 255.\n") // A slot is one byte (qmail-rspawn).
        .Append("subdirectory split: 23.\n")
        .Append($"user ids: {string.Join(", ", Users.Select(UserId))}.\n")
        .Append($"group ids: {string.Join(", ", GroupUsers.Select(GroupId))}.\n");

    private static string UserId(string name) => Show(UnixUsers.ByName(name)?.Uid);

    private static string GroupId(string user) => Show(UnixUsers.ByName(user)?.Gid);

    /// <summary>In single-user mode these users do not exist.</summary>
    private static string Show(uint? number) => number is null ? "none" : $"{number}";

    private static void WriteControls(StringBuilder text, ControlDirectory control)
    {
        // qmail's order is alphabetical, except for the files of recipients.
        foreach (ControlFile file in ControlCatalog.Controls
            .OrderBy(file => !file.IsQmails)
            .ThenBy(file => MoreOfRcptHosts.Contains(file)
                ? SmtpFiles.RcptHosts.Name + file.Name : file.Name, StringComparer.Ordinal))
        {
            text.Append($"\n{file.Name}: ");
            Write(text, control, file);
        }

        HashSet<string> known = [.. ControlCatalog.Controls.Select(file => file.Name)];
        foreach (string path in Paths.Entries(control.Directory))
        {
            string name = Path.GetFileName(path);
            if (!known.Contains(name))
            {
                text.Append($"\n{ConfigText.Safe(name)}: I have no idea what this file does.\n");
            }
        }
    }

    private static bool IsMissed(ControlDirectory control)
    {
        try
        {
            return RcptHosts.Load(new ControlDirectory(control.Directory)).IsMissed;
        }
        catch (ConfigurationException)
        {
            return false; // A file has a fault that is printed.
        }
    }

    private static string JudgeCdb(string directory)
    {
        FileInfo source = new(Path.Combine(directory, "morercpthosts"));
        FileInfo compiled = new(source.FullName + ".cdb");
        return (source.Exists, compiled.Exists) switch
        {
            (false, false) => "(Default.) No effect.",
            (false, true) => "Oops! morercpthosts.cdb exists but morercpthosts doesn't.",
            (true, false) => "Oops! morercpthosts exists but morercpthosts.cdb doesn't.",
            _ => source.LastWriteTimeUtc > compiled.LastWriteTimeUtc
                ? "Oops! morercpthosts.cdb is older than morercpthosts."
                : "Modified recently enough; hopefully up to date.",
        };
    }

    private static void Write(StringBuilder text, ControlDirectory control, ControlFile file)
    {
        try
        {
            text.Append(file switch
            {
                ControlNumber number => Number(control, number),
                ControlLine line => Line(control, line),
                ControlList list => List(control, list),
                _ when file == SmtpFiles.MoreRcptHostsCdb => $"{JudgeCdb(control.Directory)}\n",
                _ => Path.Exists(control.PathOf(file))
                    ? $"{file.Says}\n" : $"(Default.) {file.Default}\n",
            });
        }
        catch (ConfigurationException)
        {
            text.Append(Trouble);
        }
    }

    private static string Number(ControlDirectory control, ControlNumber file)
    {
        bool isThere = control.ReadWhole(file) is not null;
        string value = control.TryReadLong(file)?.ToString(CultureInfo.InvariantCulture)
            ?? file.Default;
        return $"{(isThere ? "" : "(Default.) ")}{Sentence(file.Says, value)}";
    }

    private static string Line(ControlDirectory control, ControlLine file) =>
        control.ReadLine(file) is { } line
            ? Sentence(file.Says, Safe(line))
            : "(Default.) " + Sentence(
                file.Says,
                control.ReadLineOrDefault(file) is { } value ? Safe(value) : file.Absent);

    private static string List(ControlDirectory control, ControlList file)
    {
        bool isInVain = file == SmtpFiles.MoreRcptHosts
            && !File.Exists(control.PathOf(SmtpFiles.RcptHosts));
        string says = isInVain ? InVainBefore : file.Says;
        return control.ReadList(file) is { } lines
            ? "\n" + string.Concat(lines.Select(line => Sentence(says, Safe(file.Shown(line)))))
            : "(Default.) " + (isInVain ? InVain
                : file == SmtpFiles.RcptHosts && IsMissed(control) ? Missed
                : file.Default) + "\n";
    }

    private static string Sentence(string says, string value) =>
        says.Replace("{}", value, StringComparison.Ordinal) + "\n";

    private static string Safe(byte[] line) =>
        new([.. line.Select(b => b is >= 32 and <= 126 ? (char)b : '?')]);
}
