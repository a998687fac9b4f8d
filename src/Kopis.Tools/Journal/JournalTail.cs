namespace Kopis.Tools.Journal;

/// <summary>What the journal gets from now on, for <c>kopis trace --follow</c> and the dashboard.
/// </summary>
/// <param name="directory">The journal.</param>
/// <param name="withLast">With what the file has that is written now.</param>
public sealed class JournalTail(string directory, bool withLast = false)
{
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(250);

    private string _file = JournalStore.Files(directory).LastOrDefault() ?? "";
    private long _place =
        withLast ? 0 : EndOf(JournalStore.Files(directory).LastOrDefault());

    /// <summary>Hands over records as they come: those with what is wanted, and those of messages
    /// that had it or came of such. It ends with its process.</summary>
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

            Thread.Sleep(LookPause); // A program by hand, which ends by a signal.
        }
    }

    /// <summary>What has come since it was asked last.</summary>
    internal List<JournalEntry> ReadNew()
    {
        List<JournalEntry> entries = [];
        ReadNew(entries.Add);
        return entries;
    }

    /// <summary>Hands over the records that have come since it was last called.</summary>
    /// <exception cref="IOException">The journal cannot be listed.</exception>
    public void ReadNew(Action<JournalEntry> onEntry)
    {
        foreach (string file in JournalStore.Files(directory)
            .Where(file => string.CompareOrdinal(file, _file) >= 0))
        {
            _place = file == _file ? _place : 0;
            _file = file;
            try
            {
                using JournalFile journal = JournalFile.Open(file);
                _place = journal.ForEach(_place, (line, _) =>
                {
                    if (JournalEntry.Parse(line) is { } entry)
                    {
                        onEntry(entry);
                    }
                });
            }
            catch (IOException)
            {
                // It was removed meanwhile.
            }
        }
    }

    private static long EndOf(string? file)
    {
        if (file is null)
        {
            return 0;
        }

        using JournalFile journal = JournalFile.Open(file);
        return journal.ForEach(0, static (_, _) => { });
    }
}
