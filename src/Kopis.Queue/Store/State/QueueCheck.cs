using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.State;

/// <summary>Whether a queue at rest, a copy say, can be read: as qmail-send would at a start.
/// </summary>
public sealed class QueueCheck
{
    private readonly SortedSet<ulong> _unfinished = [];
    private readonly SortedDictionary<ulong, string> _unreadable = [];

    private QueueCheck()
    {
    }

    /// <summary>The unfinished messages, those that cannot be read included.</summary>
    public IReadOnlyCollection<ulong> Unfinished => _unfinished;

    /// <summary>The unfinished messages that cannot be read, and why.</summary>
    public IReadOnlyDictionary<ulong, string> Unreadable => _unreadable;

    /// <summary>What of the state is damaged; zero where there is none.</summary>
    public int DamagedRecords { get; private init; }

    /// <summary>Reads the state, and each unfinished message with its checksums.</summary>
    /// <param name="files">Where it is.</param>
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
