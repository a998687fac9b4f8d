using System.Text;

namespace Kopis.Tools.Journal;

/// <summary>Finds records by their values. Finished files are searched by their indexes. Each line
/// of the current file, and of a file without an index, is read once, and an index of it is kept in
/// memory.</summary>
/// <param name="directory">The directory of the journal.</param>
/// <param name="since">Files that ended before this are skipped.</param>
/// <param name="until">Files that begin after this are skipped.</param>
/// <param name="stop">Ends the search.</param>
internal sealed class JournalSearch(
    string directory, DateTimeOffset since, DateTimeOffset until, CancellationToken stop = default)
    : IDisposable
{
    // Together fewer than 256 descriptors. For more Linux needs a larger table, and in a process
    // with threads it then waits for all processors, which takes 6 to 15 ms.
    private const int OpenMax = 16;
    private const int IndexesMax = 160;
    private const int ScannedMax = 16; // Files with an index of some megabytes in memory.
    private const int StampBytesMax = 256; // A record's kind comes within these bytes.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, JournalFile> _open = [];
    private readonly Dictionary<string, JournalIndex?> _indexes = [];
    private readonly Dictionary<string, List<ulong>> _scanned = [];
    private List<string>? _files;

    /// <summary>The records with a value, the oldest first. Each is read when it is asked for.
    /// </summary>
    internal IEnumerable<JournalEntry> Find(byte kind, string value) =>
        Find(kind, value, DateTimeOffset.MinValue, DateTimeOffset.MaxValue);

    /// <summary>The same within narrower limits of time.</summary>
    /// <param name="kind">The kind of the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="after">Files that ended before this are skipped.</param>
    /// <param name="before">Files that begin after this are skipped.</param>
    internal IEnumerable<JournalEntry> Find(
        byte kind, string value, DateTimeOffset after, DateTimeOffset before)
    {
        _files ??= Files();
        for (int i = FileOf(after); i < _files.Count && !(BeginOf(i) > before); i++)
        {
            foreach (JournalEntry entry in FindIn(i, kind, value))
            {
                yield return entry;
            }
        }
    }

    /// <summary>The records with a value, the newest first. A caller that stops early has read no
    /// more than it needed.</summary>
    internal IEnumerable<JournalEntry> FindBackwards(byte kind, string value)
    {
        _files ??= Files();
        for (int i = _files.Count - 1; i >= 0; i--)
        {
            List<int> places = PlacesOf(i, kind, value);
            places.Reverse();
            foreach (int place in places)
            {
                if (EntryAt(i, place) is { } entry && Has(entry, kind, value) && IsInTime(entry))
                {
                    yield return entry;
                }
            }
        }
    }

    /// <summary>All records of the period, the newest first.</summary>
    internal IEnumerable<JournalEntry> AllBackwards()
    {
        _files ??= Files();
        for (int i = _files.Count - 1; i >= 0; i--)
        {
            List<int> places = AllPlacesOf(i);
            places.Reverse();
            foreach (int place in places)
            {
                if (EntryAt(i, place) is { } entry && IsInTime(entry))
                {
                    yield return entry;
                }
            }
        }
    }

    /// <summary>The records of a message. A number is used once, so they lie between its arrival
    /// and its end; records of other processes about it may come a moment before or after.
    /// </summary>
    /// <param name="number">The number of the message.</param>
    /// <param name="near">A time at or near which one of them was written.</param>
    /// <param name="most">If there are more records than this, only the first and the last ones are
    /// kept.</param>
    internal FirstAndLast FindMessage(ulong number, DateTimeOffset near, int most)
    {
        _files ??= Files();
        int start = FileOf(near);
        FirstAndLast found = new(most);
        DateTimeOffset last = DateTimeOffset.MaxValue, first = DateTimeOffset.MinValue;
        for (int i = start; i < _files.Count && !(BeginOf(i) > last); i++)
        {
            foreach (JournalEntry entry in FindIn(i, JournalKey.Number, $"{number}"))
            {
                found.Add(entry);
                last = Is(entry, number, "end") ? entry.Time + Slack : last;
                first = Is(entry, number, "new") ? entry.Time - Slack : first;
            }
        }

        for (int i = start - 1; i >= 0 && !(BeginOf(i + 1) < first); i--)
        {
            FirstAndLast all = new(most);
            foreach (JournalEntry entry in FindIn(i, JournalKey.Number, $"{number}"))
            {
                all.Add(entry);
                first = Is(entry, number, "new") ? entry.Time - Slack : first;
            }

            all.Add(found);
            found = all;
        }

        return found;
    }

    /// <summary>All records of the period, the oldest first.</summary>
    internal IEnumerable<JournalEntry> All()
    {
        foreach (string file in _files ??= Files())
        {
            List<JournalEntry> entries = [];
            try
            {
                Open(file).ForEach(0, (line, _) =>
                {
                    if (JournalEntry.Parse(line) is { } entry && IsInTime(entry))
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

    /// <summary>The records of some kinds in the period, the oldest first. Lines of other kinds are
    /// not parsed.</summary>
    /// <returns>The last file, and how far it was read; empty if there is none.</returns>
    internal (string File, long Place) ForEach(
        IReadOnlyList<string> kinds, Action<JournalEntry> onEntry)
    {
        (string File, long Place) end = ("", 0);
        byte[][] marks = [.. kinds.Select(kind => Encoding.ASCII.GetBytes($",\"e\":\"{kind}\""))];
        foreach (string file in _files ??= Files())
        {
            try
            {
                using JournalFile journal = JournalFile.Open(file);
                long place = journal.ForEach(0, (line, _) =>
                {
                    if (HasKind(line, marks) && JournalEntry.Parse(line) is { } entry
                        && kinds.Contains(entry.Kind) && IsInTime(entry))
                    {
                        onEntry(entry);
                    }
                });
                end = (file, place);
            }
            catch (IOException)
            {
                // The file was removed meanwhile, as the oldest one is at some time.
            }
        }

        return end;
    }

    /// <summary>Whether a record has the value in a field of that kind.</summary>
    internal static bool Has(JournalEntry entry, byte kind, string value) =>
        FieldsOf(kind).Any(field => entry.All(field).Any(text =>
            text.Equals(value, StringComparison.OrdinalIgnoreCase)));

    public void Dispose()
    {
        CloseFiles();
        CloseIndexes();
    }

    // The kind comes after the stamps that the journal's writer adds.
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

    // The name of a file is the time at which it begins. It ends when the next one begins.
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

    private IEnumerable<int> PlacesIn(string path, ulong key, string value)
    {
        if (_indexes.TryGetValue(path, out JournalIndex? known))
        {
            return Find(known);
        }

        JournalIndex? index = JournalIndex.TryOpen(path, JournalStore.SizeOf(path));
        if (_indexes.Count < IndexesMax)
        {
            return Find(_indexes[path] = index);
        }

        using (index)
        {
            return Find(index);
        }

        IEnumerable<int> Find(JournalIndex? one) =>
            one?.Find(key) ?? Scan(path, Open(path), key, value);
    }

    // A file without an index is read once, and a process that may writes the index. The current
    // file has no index; its bytes are searched for the value.
    private IEnumerable<int> Scan(string path, JournalFile journal, ulong key, string value)
    {
        if (path == _files![^1])
        {
            return JournalLines.PlacesOf(journal, Encoding.UTF8.GetBytes(value));
        }

        if (!_scanned.TryGetValue(path, out List<ulong>? entries))
        {
            if (_scanned.Count >= ScannedMax)
            {
                _scanned.Clear();
            }

            _scanned[path] = entries = JournalIndex.EntriesOf(journal);
            _ = JournalIndex.TryWrite(path, journal.Size, entries);
        }

        return JournalIndex.PlacesIn(entries, key);
    }

    private static bool Is(JournalEntry entry, ulong number, string kind) =>
        entry.Message == number && entry.Kind == kind;

    private bool IsInTime(JournalEntry entry) => entry.Time >= since && entry.Time <= until;

    // The file that a time falls into, or the one before, since a record may be a moment older than
    // its file.
    private int FileOf(DateTimeOffset time)
    {
        int at = _files!.Count - 1;
        while (at > 0 && BeginOf(at)?.AddSeconds(1) > time)
        {
            at--;
        }

        return Math.Max(at, 0);
    }

    private DateTimeOffset? BeginOf(int file) => JournalStore.BeginOf(_files![file]);

    private IEnumerable<JournalEntry> FindIn(int index, byte kind, string value)
    {
        foreach (int place in PlacesOf(index, kind, value))
        {
            if (EntryAt(index, place) is { } entry && Has(entry, kind, value))
            {
                yield return entry;
            }
        }
    }

    /// <summary>The places in a file at which records may have a value, each once; none if the file
    /// was removed meanwhile, as the oldest one is at some time.</summary>
    private List<int> PlacesOf(int index, byte kind, string value)
    {
        stop.ThrowIfCancellationRequested();
        try
        {
            ulong key = JournalKey.Of(kind, Encoding.UTF8.GetBytes(value));
            int last = -1;
            List<int> places = [];
            foreach (int place in PlacesIn(_files![index], key, value).Where(one => one != last))
            {
                places.Add(last = place);
            }

            return places;
        }
        catch (IOException)
        {
            return [];
        }
    }

    private List<int> AllPlacesOf(int index)
    {
        stop.ThrowIfCancellationRequested();
        List<int> places = [];
        try
        {
            Open(_files![index]).ForEach(0, (_, place) => places.Add(place));
        }
        catch (IOException)
        {
            // The file was removed meanwhile.
        }

        return places;
    }

    private JournalEntry? EntryAt(int index, int place)
    {
        stop.ThrowIfCancellationRequested();
        try
        {
            return JournalEntry.Parse(Open(_files![index]).LineAt(place));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
