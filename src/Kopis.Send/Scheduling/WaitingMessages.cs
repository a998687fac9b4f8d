using Kopis.Queue.Store.State;

namespace Kopis.Send.Scheduling;

/// <summary>
/// Messages that wait on the disk since their submitter has as much of the memory as he leaves
/// free: nobody's flood keeps the mail of others waiting. Of each its number is kept.
/// </summary>
/// <remarks>The share of what is free: Choudhury and Hahne, "Dynamic Queue Length Thresholds for
/// Shared-Memory Packet Switches", 1998.</remarks>
internal sealed class WaitingMessages
{
    /// <summary>Bytes of memory that one holds, at most.</summary>
    internal const int MessageBytes = 2 * sizeof(ulong); // A queue grows by doubling.

    private readonly Dictionary<uint, Queue<ulong>> _rows = [];
    private readonly Dictionary<uint, long> _held = [];
    private readonly HashSet<ulong> _taken = []; // Out of their turn; still in a row.
    private readonly Queue<uint> _turns = new(); // Each submitter with a row, once.

    /// <summary>Bytes that a submitter's messages in memory hold.</summary>
    internal long HeldBy(uint uid) => _held.GetValueOrDefault(uid);

    /// <summary>Whether a submitter has some here.</summary>
    internal bool Has(uint uid) => _rows.ContainsKey(uid);

    /// <summary>A message in memory is new, or is gone.</summary>
    internal void Hold(uint uid, long bytes)
    {
        long held = HeldBy(uid) + bytes;
        if (held > 0)
        {
            _held[uid] = held;
        }
        else
        {
            _held.Remove(uid);
        }
    }

    /// <summary>Keeps one that came.</summary>
    internal void Add(uint uid, ulong number)
    {
        if (!_rows.TryGetValue(uid, out Queue<ulong>? row))
        {
            _rows.Add(uid, row = new Queue<ulong>());
            _turns.Enqueue(uid);
        }

        row.Enqueue(number);
    }

    /// <summary>Those that wait, as they are now.</summary>
    internal IReadOnlyList<ulong> Numbers() => [.. Waiting()];

    /// <summary>Whether it waits; looks at all.</summary>
    internal bool Contains(ulong number) =>
        !_taken.Contains(number) && _rows.Values.Any(row => row.Contains(number));

    /// <summary>Takes one out of its turn; its place in the row is passed by.</summary>
    internal void Take(ulong number) => _taken.Add(number);

    /// <summary>Whether the number that <see cref="Next"/> gave was taken out.</summary>
    internal bool IsTaken(ulong number) => _taken.Contains(number);

    /// <summary>The oldest of a submitter who has room, in turn; null where nobody has any. It
    /// stays the first until it is taken out.</summary>
    internal ulong? Next(Func<uint, bool> hasRoom)
    {
        for (int i = _turns.Count; i > 0; i--)
        {
            uint uid = _turns.Peek();
            if (hasRoom(uid))
            {
                return _rows[uid].Peek();
            }

            _turns.Enqueue(_turns.Dequeue());
        }

        return null;
    }

    /// <summary>Takes out what <see cref="Next"/> has just given.</summary>
    internal void Dequeue()
    {
        uint uid = _turns.Dequeue();
        _taken.Remove(_rows[uid].Dequeue());
        if (_rows[uid].Count > 0)
        {
            _turns.Enqueue(uid);
        }
        else
        {
            _rows.Remove(uid);
        }
    }

    /// <summary>What queue/state is to know: messages in memory, and these.</summary>
    internal IEnumerable<IStateMessage> After(IEnumerable<IStateMessage> messages) =>
        messages.Concat(Waiting().Select(number => (IStateMessage)new Untouched(number)));

    private IEnumerable<ulong> Waiting() =>
        _rows.Values.SelectMany(row => row).Where(number => !_taken.Contains(number));

    /// <summary>Nothing has become of any recipient.</summary>
    private sealed record Untouched(ulong Number) : IStateMessage
    {
        public long LocalDue => 0;

        public long RemoteDue => 0;

        public int Recipients => 0;

        public int DoneCount => 0;

        public bool IsDone(int index) => false;

        public HeldRecipients? Held => null;
    }
}
