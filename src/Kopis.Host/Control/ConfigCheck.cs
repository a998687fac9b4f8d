using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Config;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Host.Control;

/// <summary>What is wrong with the control files of a home.</summary>
/// <param name="context">The home.</param>
/// <param name="readers">Each reads control files as a program does.</param>
internal sealed class ConfigCheck(ProgramContext context, IReadOnlyList<ControlReader> readers)
{
    private readonly string _control = context.In("control");
    private readonly ReaderRights _rights = new(context.Home);
    private readonly StaleTables _tables = new(context.Home);

    /// <summary>What is wrong, a line each.</summary>
    internal string[] Problems() =>
        [.. All(), .. Unknown().Where(line => line.EndsWith('?'))];

    /// <summary>What is wrong with one file, a line each; null: with all.</summary>
    internal string[] Faults(ControlFile? one) => one is null ? [.. All()] : [.. Of(one)];

    /// <summary>Files that no program reads, a line each; the line of a name that is nearly one of
    /// ours ends with a question mark.</summary>
    internal IEnumerable<string> Unknown() =>
        Paths.Entries(_control)
            .Select(path => Path.GetFileName(path))
            .Where(name => ControlCatalog.Find($"control/{name}") is null)
            .Order(StringComparer.Ordinal)
            .Select(name => $"control/{ConfigText.Safe(name)}: {Nobody(name)}");

    /// <summary>What stops some programs, a line each: what they only warn of is left out.
    /// </summary>
    /// <exception cref="ConfigurationException">There is no such program, or it reads no control
    /// file.</exception>
    internal string[] Stops(IReadOnlyList<string> programs)
    {
        ControlProblems control = new(_control) { IsOfStops = true };
        foreach (string program in programs)
        {
            ControlFile[] files = [.. ControlCatalog.Controls.Where(file =>
                file.Readers.Split(' ').Any(page => NameOf(page) == program))];
            ControlReader[] own = [.. readers.Where(reader => reader.Program == program)];
            if (files.Length + own.Length == 0)
            {
                throw new ConfigurationException(
                    $"{ConfigText.Safe(program)}: no program of this name reads control files",
                    ExitCode.Permanent);
            }

            Array.ForEach(files, control.Read);
            Array.ForEach(own, reader => control.ReadAs(reader.Read));
        }

        return [.. control.All];
    }

    /// <summary>What would be wrong if a file of control had this content: with the file, and
    /// with others that are all right now.</summary>
    /// <param name="file">The file.</param>
    /// <param name="content">Null: if it were not there.</param>
    internal string[] FaultsWith(ControlFile file, byte[]? content)
    {
        ControlProblems then = new(_control, file, content);
        Read(then, ControlCatalog.Controls);
        HashSet<string> now = [.. ControlNow().All];
        string[] own = content is null ? [] : [.. then.Of(file)];
        return [.. own, .. then.All.Where(line => !now.Contains(line)).Except(own)];
    }

    /// <summary>Why a name is none of ours.</summary>
    internal static string Nobody(string name) => "no program reads this file"
        + (ControlCatalog.Nearest(name) is { } near ? $"; did you mean {near.Name}?" : "");

    private static string NameOf(string page) =>
        page[..page.IndexOf('(', StringComparison.Ordinal)];

    private IEnumerable<string> All() =>
        [.. ControlNow().All, .. UsersNow().All, .. OfFiles()];

    private IEnumerable<string> Of(ControlFile one) =>
    [
        .. ControlNow().Of(one), .. UsersNow().Of(one),
        .. OfFiles().Where(line => line.StartsWith($"{one}: ", StringComparison.Ordinal)),
    ];

    // What their content does not tell.
    private IEnumerable<string> OfFiles() => [.. _rights.Faults(), .. _tables.Faults()];

    private ControlProblems ControlNow()
    {
        ControlProblems control = new(_control);
        Read(control, ControlCatalog.Controls);
        return control;
    }

    // Files of auth are read as qmail-remote does, by its reader.
    private void Read(ControlProblems control, IEnumerable<ControlFile> files)
    {
        foreach (ControlFile file in files)
        {
            control.Read(file);
        }

        foreach (ControlReader reader in readers)
        {
            control.ReadAs(reader.Read);
        }
    }

    private ControlProblems UsersNow()
    {
        ControlProblems users = new(context.In("users"));
        foreach (ControlFile file in ControlCatalog.All.Where(file => file.Folder == "users"))
        {
            users.Read(file);
        }

        users.ReadAs(_ => new VirtualUsers(context.Home).Faults());
        users.ReadAs(_ => new VirtualAliases(context.Home).Faults());
        return users;
    }
}
