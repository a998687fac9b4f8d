using Kopis.Base;

namespace Kopis.Config.Catalog;

/// <summary>Finds what is wrong with the files of one directory. Each file is read by its kind, and
/// then as the programs read it. If a program stops at a file, the file is hidden and the program
/// reads again, so that it reaches the next fault.</summary>
public sealed class ControlProblems
{
    private readonly ControlDirectory _control;
    private readonly Dictionary<string, List<string>> _byFile = new(StringComparer.Ordinal);
    private readonly List<string> _others = [];

    /// <summary>Prepares the checks; reads nothing yet.</summary>
    public ControlProblems(string directory) => _control = new ControlDirectory(directory, Warn);

    /// <summary>The same, as if one file had this content. Null: as if the file did not exist.
    /// </summary>
    public ControlProblems(string directory, ControlFile file, byte[]? content)
        : this(directory) => _control = _control.With(file, content);

    /// <summary>Whether only faults that stop a program count, and its warnings do not.</summary>
    public bool IsOfStops { get; init; }

    /// <summary>Everything that was found, by file, as <c>control/NAME: reason</c>.</summary>
    public IEnumerable<string> All =>
        _byFile.OrderBy(file => file.Key, StringComparer.Ordinal)
            .SelectMany(file => file.Value.Select(reason => $"{Folder}/{file.Key}: {reason}"))
            .Concat(_others);

    private string Folder => Path.GetFileName(_control.Directory);

    /// <summary>What was found about one file.</summary>
    public IEnumerable<string> Of(ControlFile file) => All.Where(
        line => line.StartsWith($"{file}: ", StringComparison.Ordinal));

    /// <summary>Reads a file by its kind.</summary>
    public void Read(ControlFile file)
    {
        try
        {
            _ = file switch
            {
                ControlNumber number => (object?)_control.TryReadLong(number),
                ControlLine line => _control.ReadLine(line),
                ControlList list => _control.ReadList(list),
                ControlData { IsNoFile: true } => null,
                ControlData { IsCdb: true } data => _control.ReadCdb(data),
                _ => _control.ReadWhole(file),
            };
        }
        catch (ConfigurationException e)
        {
            Add(e.Message);
        }
    }

    /// <summary>Reads files as a program does.</summary>
    /// <param name="read">Reads the files, and returns faults that stop no program.</param>
    public void ReadAs(Func<ControlDirectory, IEnumerable<string>> read)
    {
        HashSet<string> hidden = new(StringComparer.Ordinal);
        while (true)
        {
            try
            {
                foreach (string fault in read(_control.Without(hidden)))
                {
                    Warn(fault);
                }

                return;
            }
            catch (ConfigurationException e)
            {
                // Messages about a hidden file, or about the lack of <c>me</c>, are results of
                // hiding.
                string? name = NameIn(e.Message, out _);
                if (hidden.Contains(HostFiles.Me.Name) || (name is not null && !hidden.Add(name)))
                {
                    return;
                }

                Add(e.Message);
                if (name is null)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Adds a line, unless it is there already.</summary>
    public void Add(string line)
    {
        string? name = NameIn(line, out string reason);
        List<string> to = name is null ? _others
            : _byFile.TryGetValue(name, out List<string>? known) ? known
            : _byFile[name] = [];
        if (!to.Contains(reason))
        {
            to.Add(reason);
        }
    }

    private void Warn(string line)
    {
        if (!IsOfStops)
        {
            Add(line);
        }
    }

    // Takes the name from "/var/qmail/control/me: reason" or "control/me: reason".
    private string? NameIn(string line, out string reason)
    {
        reason = line;
        foreach (string folder in (string[])[_control.Directory + "/", Folder + "/"])
        {
            int end = line.IndexOf(": ", StringComparison.Ordinal);
            if (end > folder.Length && line.StartsWith(folder, StringComparison.Ordinal))
            {
                reason = line[(end + 2)..];
                return line[folder.Length..end];
            }
        }

        return null;
    }
}
