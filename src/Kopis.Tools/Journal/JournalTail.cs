using Kopis.Posix;

namespace Kopis.Tools.Journal;

/// <summary>Reads the records that are added to the journal from now on, for <c>kopis trace
/// --follow</c> and the dashboard.</summary>
/// <param name="directory">The journal.</param>
/// <param name="file">The file that was read last; empty if none was.</param>
/// <param name="place">How far it was read.</param>
public sealed class JournalTail(string directory, string file, long place)
{
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(250);

    private string _file = file;
    private long _place = place;

    private JournalTail(string directory, string file, bool withLast)
        : this(directory, file, withLast ? 0 : EndOf(file))
    {
    }

    /// <summary>Begins at the end of the journal.</summary>
    /// <param name="directory">The journal.</param>
    /// <param name="withLast">Whether to begin with the records that the current file already has.
    /// </param>
    public JournalTail(string directory, bool withLast = false)
        : this(directory, JournalStore.Files(directory).LastOrDefault() ?? "", withLast)
    {
    }

    /// <summary>Passes on new records: those that match, and those of messages that matched or were
    /// made from such a message. Runs until the process ends.</summary>
    internal void Run(TraceOptions options, HashSet<ulong> messages, Action<JournalEntry> onEntry)
    {
        while (true)
        {
            foreach (JournalEntry entry in ReadNew())
            {
                bool isWanted = options.Wanted.All(one =>
                    JournalSearch.Has(entry, one.Kind, one.Value))
                    || (entry.Message is { } number && messages.Contains(number));
                if (isWanted)
                {
                    messages.UnionWith(((ulong?[])[entry.Message, entry.Child]).OfType<ulong>());
                    onEntry(entry);
                }
            }

            Thread.Sleep(LookPause); // The command ends by a signal.
        }
    }

    /// <summary>Reads the records that were added since the last call.</summary>
    internal List<JournalEntry> ReadNew()
    {
        List<JournalEntry> entries = [];
        ReadNew(entries.Add);
        return entries;
    }

    /// <summary>Passes on the records that were added since the last call.</summary>
    /// <exception cref="IOException">The journal cannot be listed, or one of its files cannot be
    /// read.</exception>
    public void ReadNew(Action<JournalEntry> onEntry)
    {
        foreach (string path in JournalStore.Files(directory)
            .Where(path => string.CompareOrdinal(path, _file) >= 0))
        {
            _place = path == _file ? _place : 0;
            _file = path;
            try
            {
                using JournalFile journal = JournalFile.Open(path);
                _place = journal.ForEach(_place, (line, _) =>
                {
                    if (JournalEntry.Parse(line) is { } entry)
                    {
                        onEntry(entry);
                    }
                });
            }
            catch (PosixException e) when (e.Number == Errno.NoEntry)
            {
                // The file was removed meanwhile.
            }
        }
    }

    private static long EndOf(string file)
    {
        if (file.Length == 0)
        {
            return 0;
        }

        using JournalFile journal = JournalFile.Open(file);
        return journal.ForEach(0, static (_, _) => { });
    }
}
