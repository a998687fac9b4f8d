using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.State;

/// <summary>Checks whether a queue at rest, such as a copy, can be read, as qmail-send reads it at
/// a start.</summary>
public sealed class QueueCheck
{
    private readonly SortedSet<ulong> _unfinished = [];
    private readonly SortedDictionary<ulong, string> _unreadable = [];

    private QueueCheck()
    {
    }

    /// <summary>The unfinished messages, including those that cannot be read.</summary>
    public IReadOnlyCollection<ulong> Unfinished => _unfinished;

    /// <summary>The unfinished messages that cannot be read, and why.</summary>
    public IReadOnlyDictionary<ulong, string> Unreadable => _unreadable;

    /// <summary>How many records of the state are damaged; zero if there is no state.</summary>
    public int DamagedRecords { get; private init; }

    /// <summary>Reads the state, and checks each unfinished message with its checksums.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="queue">The directory <c>queue</c>.</param>
    public static QueueCheck Read(IFileSystem files, string queue)
    {
        string mess = Path.Combine(queue, "mess");
        using StateLog log = new(files, Path.Combine(queue, "state"));
        Dictionary<ulong, SavedMessage> saved = log.Load();
        QueueCheck check = new() { DamagedRecords = log.DamagedRecords };
        check._unfinished.UnionWith(
            saved.Where(pair => !pair.Value.IsEnded).Select(pair => pair.Key));
        using MessageScanner scanner = new(files, mess, log.Position);
        ScanResult result;
        while ((result = scanner.Next()) != ScanResult.End)
        {
            if (result == ScanResult.Message)
            {
                ulong number = scanner.Current!.Number;
                scanner.Current.Dispose();
                if (!saved.ContainsKey(number))
                {
                    check._unfinished.Add(number);
                }
            }
        }

        foreach (ulong number in check._unfinished)
        {
            try
            {
                MessageFile.Open(files, mess, number).Dispose();
            }
            catch (MessageNotFoundException e)
            {
                check._unreadable.Add(number, e.Message);
            }
        }

        return check;
    }
}
