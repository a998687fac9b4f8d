using Names = System.Collections.Generic.SortedDictionary<

    string, Kopis.Simulation.Tests.SimulatedFile>;

namespace Kopis.Simulation.Tests;

/// <summary>
/// A disk that forgets what was not synced, names as well as bytes. It is of one of two kinds: one
/// with a journal, as ext4, which keeps names in the order of their changes and with each sync; and
/// one that promises only what POSIX does, where each name survives or not by itself.
/// </summary>
internal sealed class SimulatedDisk(Random random, bool hasJournal)
{
    private readonly SortedDictionary<string, Names> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Names> _durable = new(StringComparer.Ordinal);
    private readonly List<NameChange> _unsynced = [];
    private int _operations;

    internal void MakeDirectory(string path)
    {
        _names.Add(path, new(StringComparer.Ordinal));
        _durable.Add(path, new(StringComparer.Ordinal));
    }

    internal bool HasDirectory(string path) => _names.ContainsKey(path);

    internal IReadOnlyList<string> FileNames(string directory) => [.. _names[directory].Keys];

    internal SimulatedFile? Find(string path)
    {
        (string directory, string name) = Split(path);
        return _names.TryGetValue(directory, out Names? names)
            ? names.GetValueOrDefault(name)
            : null;
    }

    /// <summary>Gives and takes names in one operation; null takes.</summary>
    internal void SetNames(params (string Path, SimulatedFile? File)[] changes)
    {
        _operations++;
        foreach ((string path, SimulatedFile? file) in changes)
        {
            (string directory, string name) = Split(path);
            NameChange change = new(directory, name, file, _operations);
            Apply(_names, change);
            _unsynced.Add(change);
        }
    }

    internal void Sync(SimulatedFile file)
    {
        file.Sync();
        if (hasJournal)
        {
            Commit(_ => true);
        }
    }

    /// <summary>All files that have a name, and all names.</summary>
    internal void SyncAll()
    {
        foreach (SimulatedFile file in Files())
        {
            file.Sync();
        }

        Commit(_ => true);
    }

    /// <summary>A sync of all that failed: of some files nobody knows what got there.</summary>
    internal void FailSync()
    {
        foreach (SimulatedFile file in Files())
        {
            if (file.IsDirty && random.Next(2) == 0)
            {
                file.FailSync(random);
            }
        }
    }

    private IEnumerable<SimulatedFile> Files() =>
        _names.Values.SelectMany(names => names.Values).Distinct();

    internal void SyncDirectory(string path) =>
        Commit(change => hasJournal || change.Directory == path);

    internal void Crash()
    {
        int kept = random.Next(_operations + 1);
        foreach (NameChange change in _unsynced)
        {
            if (hasJournal ? change.Operation <= kept : random.Next(2) == 0)
            {
                Apply(_durable, change);
            }
        }

        _unsynced.Clear();
        _operations = 0;
        HashSet<SimulatedFile> files = [];
        foreach ((string directory, Names durable) in _durable)
        {
            _names[directory] = new(durable, StringComparer.Ordinal);
            files.UnionWith(durable.Values);
        }

        foreach (SimulatedFile file in files)
        {
            file.Crash(random);
        }
    }

    private void Commit(Predicate<NameChange> isMeant)
    {
        foreach (NameChange change in _unsynced)
        {
            if (isMeant(change))
            {
                Apply(_durable, change);
            }
        }

        _unsynced.RemoveAll(isMeant);
    }

    private static void Apply(SortedDictionary<string, Names> to, NameChange change)
    {
        if (change.File is null)
        {
            to[change.Directory].Remove(change.Name);
        }
        else
        {
            to[change.Directory][change.Name] = change.File;
        }
    }

    private static (string Directory, string Name) Split(string path)
    {
        int slash = path.LastIndexOf('/');
        return (path[..slash], path[(slash + 1)..]);
    }
}
