using System.Text;

namespace Kopis.Tools.Journal;

/// <summary>
/// Finds records by what they have: in whole files by their indexes, in the one that is written,
/// and where there is no index, by looking at each line once and keeping an index in memory.
/// </summary>
/// <param name="directory">The journal.</param>
/// <param name="since">Files that ended before are not looked at.</param>
/// <param name="until">Nor those that begin after.</param>
internal sealed class JournalSearch(
    string directory, DateTimeOffset since, DateTimeOffset until) : IDisposable
{
    private const int OpenMax = 256, IndexesMax = 4096;
    private const int StampBytesMax = 256; // A record's kind is not behind them.

    private readonly Dictionary<string, JournalFile> _open = [];
    private readonly Dictionary<string, JournalIndex?> _indexes = [];
    private readonly Dictionary<string, List<ulong>> _scanned = [];
    private List<string>? _files;

    /// <summary>Records with a value, the oldest first.</summary>
    internal List<JournalEntry> Find(byte kind, string value)
    {
        List<JournalEntry> found = [];
        ulong key = JournalKey.Of(kind, Encoding.UTF8.GetBytes(value));
        foreach (string file in _files ??= Files())
        {
            try
            {
                int last = -1;
                foreach (int place in PlacesIn(file, key).Where(place => place != last))
                {
                    last = place;
                    if (JournalEntry.Parse(Open(file).LineAt(place)) is { } entry
                        && Has(entry, kind, value))
                    {
                        found.Add(entry);
                    }
                }
            }
            catch (IOException)
            {
                // It was removed meanwhile, as the oldest is.
            }
        }

        return found;
    }

    /// <summary>All records of the time, the oldest first.</summary>
    internal IEnumerable<JournalEntry> All()
    {
        foreach (string file in _files ??= Files())
        {
            List<JournalEntry> entries = [];
            try
            {
                Open(file).ForEach(0, (line, _) =>
                {
                    if (JournalEntry.Parse(line) is { } entry
                        && entry.Time >= since && entry.Time <= until)
                    {
                        entries.Add(entry);
                    }
                });
            }
            catch (IOException)
            {
                continue;
            }

            foreach (JournalEntry entry in entries)
            {
                yield return entry;
            }
        }
    }

    /// <summary>Records of some kinds of the time, the oldest first; lines of others are not
    /// parsed.</summary>
    internal void ForEach(IReadOnlyList<string> kinds, Action<JournalEntry> onEntry)
    {
        byte[][] marks = [.. kinds.Select(kind => Encoding.ASCII.GetBytes($",\"e\":\"{kind}\""))];
        foreach (string file in _files ??= Files())
        {
            try
            {
                using JournalFile journal = JournalFile.Open(file);
                journal.ForEach(0, (line, _) =>
                {
                    if (HasKind(line, marks) && JournalEntry.Parse(line) is { } entry
                        && kinds.Contains(entry.Kind)
                        && entry.Time >= since && entry.Time <= until)
                    {
                        onEntry(entry);
                    }
                });
            }
            catch (IOException)
            {
                // It was removed meanwhile, as the oldest is.
            }
        }
    }

    /// <summary>Whether a record has a value in a field of a kind.</summary>
    internal static bool Has(JournalEntry entry, byte kind, string value) =>
        FieldsOf(kind).Any(field => entry.All(field).Any(text =>
            text.Equals(value, StringComparison.OrdinalIgnoreCase)));

    public void Dispose()
    {
        CloseFiles();
        CloseIndexes();
    }

    // The kind follows the writer's stamps.
    private static bool HasKind(ReadOnlySpan<byte> line, byte[][] marks)
    {
        ReadOnlySpan<byte> start = line[..Math.Min(line.Length, StampBytesMax)];
        foreach (byte[] mark in marks)
        {
            if (start.IndexOf(mark) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private void CloseFiles()
    {
        foreach (JournalFile file in _open.Values)
        {
            file.Dispose();
        }

        _open.Clear();
    }

    private void CloseIndexes()
    {
        foreach (JournalIndex? index in _indexes.Values)
        {
            index?.Dispose();
        }

        _indexes.Clear();
    }

    private static string[] FieldsOf(byte kind) => kind switch
    {
        JournalKey.Address => ["from", "to", "login"],
        JournalKey.MessageId => ["mid"],
        JournalKey.Number => ["msg", "child"],
        JournalKey.Qp => ["qp", "fwd"],
        _ => ["ip"],
    };

    // A file's name is the time at which it begins; the next one's is that of its end.
    private List<string> Files()
    {
        List<string> all = JournalStore.Files(directory);
        List<string> wanted = [];
        for (int i = 0; i < all.Count; i++)
        {
            bool isOver = i + 1 < all.Count && JournalStore.BeginOf(all[i + 1]) < since;
            if (!isOver && !(JournalStore.BeginOf(all[i]) > until))
            {
                wanted.Add(all[i]);
            }
        }

        return wanted;
    }

    private JournalFile Open(string path)
    {
        if (_open.TryGetValue(path, out JournalFile? file))
        {
            return file;
        }

        if (_open.Count >= OpenMax)
        {
            CloseFiles();
        }

        return _open[path] = JournalFile.Open(path);
    }

    private IEnumerable<int> PlacesIn(string path, ulong key)
    {
        if (!_indexes.TryGetValue(path, out JournalIndex? index))
        {
            if (_indexes.Count >= IndexesMax)
            {
                CloseIndexes();
            }

            _indexes[path] = index = JournalIndex.TryOpen(path, Open(path).Size);
        }

        return index?.Find(key) ?? Scan(path, Open(path), key);
    }

    // A file without an index is read once; whoever may, keeps what that has found.
    private IEnumerable<int> Scan(string path, JournalFile journal, ulong key)
    {
        if (!_scanned.TryGetValue(path, out List<ulong>? entries))
        {
            _scanned[path] = entries = JournalIndex.EntriesOf(journal);
            if (path != _files![^1])
            {
                _ = JournalIndex.TryWrite(path, journal.Size, entries);
            }
        }

        return JournalIndex.PlacesIn(entries, key);
    }
}
