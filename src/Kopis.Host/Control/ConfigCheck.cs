using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Config;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Host.Control;

/// <summary>Finds what is wrong with the control files of a home.</summary>
/// <param name="context">The home.</param>
/// <param name="readers">Functions that read control files, each as one program does.</param>
internal sealed class ConfigCheck(ProgramContext context, IReadOnlyList<ControlReader> readers)
{
    private readonly string _control = context.In("control");
    private readonly ReaderRights _rights = new(context.Home);
    private readonly StaleTables _tables = new(context.Home);

    /// <summary>The faults of all files, one line each.</summary>
    internal string[] Problems() =>
        [.. All(), .. Unknown().Where(line => line.EndsWith('?'))];

    /// <summary>The faults of one file, one line each; null for those of all files.</summary>
    internal string[] Faults(ControlFile? one) => one is null ? [.. All()] : [.. Of(one)];

    /// <summary>Files that no program reads, one line each. If a name is similar to one of ours the
    /// line ends with a question mark.</summary>
    internal IEnumerable<string> Unknown() =>
        Paths.Entries(_control)
            .Select(path => Path.GetFileName(path))
            .Where(name => ControlCatalog.Find($"control/{name}") is null)
            .Order(StringComparer.Ordinal)
            .Select(name => $"control/{ConfigText.Safe(name)}: {Nobody(name)}");

    /// <summary>The faults that stop some programs, one line each, without mere warnings.</summary>
    /// <exception cref="ConfigurationException">There is no such program, or it reads no control
    /// files.</exception>
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

    /// <summary>The faults that would exist if a file of control had this content: faults of the
    /// file, and faults it would cause in files that are right now.</summary>
    /// <param name="file">The file.</param>
    /// <param name="content">The content; null as if the file did not exist.</param>
    internal string[] FaultsWith(ControlFile file, byte[]? content)
    {
        ControlProblems then = new(_control, file, content);
        Read(then, ControlCatalog.Controls);
        HashSet<string> now = [.. ControlNow().All];
        string[] own = content is null ? [] : [.. then.Of(file)];
        return [.. own, .. then.All.Where(line => !now.Contains(line)).Except(own)];
    }

    /// <summary>Why a name is not one of ours.</summary>
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

    // Files of auth are read by the reader of qmail-remote.
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
