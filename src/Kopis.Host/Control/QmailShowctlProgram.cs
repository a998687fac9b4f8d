using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Posix;

namespace Kopis.Host.Control;

/// <summary><c>qmail-showctl</c>: tells what the control files mean (contract §11).</summary>
public static class QmailShowctlProgram
{
    private const string Trouble = "Oops! Trouble reading this file.\n";
    private static readonly string[] Users =
        ["alias", "qmaild", "qmaill", "root", "qmailp", "qmailq", "qmailr", "qmails"];

    /// <summary>Users whose groups are nofiles and qmail.</summary>
    private static readonly string[] GroupUsers = ["qmaild", "qmailq"];

    /// <summary>Runs it.</summary>
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

    /// <summary>In single-user mode there are no such users.</summary>
    private static string Show(uint? number) => number is null ? "none" : $"{number}";

    private static void WriteControls(StringBuilder text, ControlDirectory control)
    {
        foreach (ControlText file in ControlTexts.First)
        {
            Write(text, control, file);
        }

        bool isLimited = File.Exists(Path.Combine(control.Directory, "rcpthosts"));
        bool isMissed = !isLimited && IsMissed(control);
        Write(text, control, isMissed ? ControlTexts.RcptHostsMissed : ControlTexts.RcptHosts);
        Write(text, control,
            isLimited ? ControlTexts.MoreRcptHosts : ControlTexts.MoreRcptHostsInVain);
        text.Append($"\nmorercpthosts.cdb: {JudgeCdb(control.Directory)}\n");
        foreach (ControlText file in ControlTexts.Last.Concat(ControlTexts.Ours))
        {
            Write(text, control, file);
        }

        HashSet<string> known =
        [
            .. ControlTexts.First.Select(file => file.Name),
            .. ControlTexts.Last.Select(file => file.Name),
            .. ControlTexts.Ours.Select(file => file.Name),
            "rcpthosts", "morercpthosts", "morercpthosts.cdb",
        ];
        foreach (string path in Directory.EnumerateFileSystemEntries(control.Directory).Order())
        {
            string name = Path.GetFileName(path);
            if (!known.Contains(name))
            {
                text.Append($"\n{name}: I have no idea what this file does.\n");
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
            return false; // One of the files is trouble, and said to be.
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

    private static void Write(StringBuilder text, ControlDirectory control, ControlText file)
    {
        text.Append($"\n{file.Name}: ");
        try
        {
            if (file.Kind == ControlTexts.Kind.List)
            {
                WriteList(text, file, control.ReadList(file.Name));
            }
            else if (file.Kind == ControlTexts.Kind.Present)
            {
                bool isThere = Path.Exists(Path.Combine(control.Directory, file.Name));
                text.Append(isThere ? $"{file.Before}\n" : $"(Default.) {file.Default}\n");
            }
            else
            {
                text.Append(Sentence(control, file));
            }
        }
        catch (ConfigurationException)
        {
            text.Append(Trouble);
        }
    }

    private static void WriteList(
        StringBuilder text, ControlText file, IReadOnlyList<byte[]>? lines)
    {
        text.Append(lines is null ? $"(Default.) {file.Default}\n" : "\n");
        foreach (byte[] line in lines ?? [])
        {
            text.Append($"{file.Before}{Safe(line)}{file.After}\n");
        }
    }

    private static string Sentence(ControlDirectory control, ControlText file)
    {
        byte[]? line = control.ReadLine(file.Name);
        string value = file.Kind switch
        {
            ControlTexts.Kind.Number => $"{Number(control, file)}",
            ControlTexts.Kind.LineOrMe =>
                Safe(control.ReadLineOrMe(file.Name, file.Default) ?? []),
            _ => line is null ? file.Default : Safe(line),
        };
        string prefix = line is null ? "(Default.) " : "";
        return $"{prefix}{file.Before}{value}{file.After}.\n";
    }

    private static long Number(ControlDirectory control, ControlText file) => control.ReadLong(
        file.Name, long.Parse(file.Default, CultureInfo.InvariantCulture), most: file.Most);

    private static string Safe(byte[] line) =>
        new([.. line.Select(b => b is >= 32 and <= 126 ? (char)b : '?')]);
}
