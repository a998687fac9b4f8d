using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.State;

/// <summary>
/// A consistent view of a queue in use, for a copy: which messages were unfinished, and where the
/// segments ended. The state is read first, and then the end is found. Bounces and forwarded mail
/// are queued before their message is marked as finished, so they lie before the end.
/// </summary>
public sealed class QueueCut
{
    private readonly QueueListing _state;
    private readonly SortedSet<ulong> _live = [];

    private QueueCut(QueueListing state) => _state = state;

    /// <summary>The position after the last complete record.</summary>
    public ScanPosition End { get; private init; }

    /// <summary>The unfinished messages before the end.</summary>
    public IReadOnlyCollection<ulong> Live => _live;

    /// <summary>Finds the present end of the queue.</summary>
    /// <param name="state">The state, which was read before.</param>
    /// <param name="mess">The directory <c>queue/mess</c>.</param>
    public static QueueCut Take(QueueListing state, string mess)
    {
        List<ulong> found = [];
        ScanPosition end;
        using (MessageScanner scanner = new(mess, state.Position))
        {
            ScanResult result;
            while ((result = scanner.Next()) != ScanResult.End)
            {
                if (result == ScanResult.Message)
                {
                    found.Add(scanner.Current!.Number);
                    scanner.Current.Dispose();
                }
            }

            end = scanner.Position;
        }

        QueueCut cut = new(state) { End = end };
        cut._live.UnionWith(found.Where(number => state.Find(number) is not { IsEnded: true }));
        cut._live.UnionWith(state.Saved
            .Where(pair => !pair.Value.IsEnded && end.IsPast(pair.Key))
            .Select(pair => pair.Key));
        return cut;
    }

    /// <summary>Writes the state of that moment as a snapshot, in the way that qmail-send does.
    /// </summary>
    /// <param name="directory">A directory without a file of queue/state.</param>
    /// <returns>The file's name.</returns>
    public string WriteState(string directory)
    {
        using StateLog log = new(FileSystem.Real, directory)
        {
            Routes = _state.Routes,
        };
        log.Compact(
            End, _live.Select(number => new CutMessage(number, _state.Find(number))),
            new Dictionary<ulong, SavedMessage>());
        return StateReader.FileName(1);
    }

    private sealed class CutMessage(ulong number, SavedMessage? saved) : IStateMessage
    {
        public ulong Number => number;

        public long LocalDue => saved?.LocalDue ?? 0;

        public long RemoteDue => saved?.RemoteDue ?? 0;

        public int Recipients { get; } = saved is { Done.Count: > 0 } ? saved.Done.Max() + 1 : 0;

        public int DoneCount => saved?.Done.Count ?? 0;

        public HeldRecipients? Held => saved?.Held;

        public RecipientRoutes? Routes => saved?.Routes;

        public bool IsDone(int index) => saved?.Done.Contains(index) == true;
    }
}
