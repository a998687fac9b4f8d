using Kopis.Queue.Store.State;

namespace Kopis.Send.Scheduling;

/// <summary>Messages that wait on the disk because their submitter has used its share of the memory
/// (<see cref="QueueMemory"/>). So a flood from one submitter does not hold up the mail of others.
/// Memory holds only the number of each message, and which of its recipients are held or have a
/// route.</summary>
internal sealed class WaitingMessages(QueueMemory memory)
{
    /// <summary>Bytes of memory that one message takes, at most.</summary>
    internal const int MessageBytes = 2 * sizeof(ulong); // A row grows by doubling.

    /// <summary>Bytes that a submitter with such messages takes.</summary>
    private const int RowBytes = 300;

    /// <summary>Bytes of a message of whose recipients some, but not all, are held, without
    /// <see cref="HeldRecipients.MemoryBytes"/>.</summary>
    private const int HeldBytes = 56;

    /// <summary>Bytes of a message of whose recipients some have a route, without
    /// <see cref="RecipientRoutes.MemoryBytes"/>.</summary>
    private const int RouteBytes = 72;

    private static readonly Comparer<WaitingRow> ByTurn = Comparer<WaitingRow>.Create(
        (one, other) => (one.Held, one.Turn).CompareTo((other.Held, other.Turn)));

    private readonly Dictionary<ulong, WaitingRow> _rows = [];
    private readonly Dictionary<ulong, HeldRecipients> _held = []; // If only some are held.

    private readonly SortedDictionary<ulong, (ulong Submitter, RecipientRoutes Routes)> _routes =
        [];

    // The rows of each user, in the order of their turns. Users take turns.
    private readonly Dictionary<uint, SortedSet<WaitingRow>> _users = [];
    private readonly Queue<uint> _turns = new();
    private long _lastTurn;

    /// <summary>How many messages wait.</summary>
    internal int Count { get; private set; }

    /// <summary>How many of them have held recipients.</summary>
    internal int HeldCount { get; private set; }

    /// <summary>The current rows, one for each submitter.</summary>
    internal WaitingRow[] Rows => [.. _rows.Values];

    /// <summary>Whether messages of a submitter wait.</summary>
    internal bool Has(ulong submitter) => _rows.ContainsKey(submitter);

    /// <summary>Whether a message waits.</summary>
    internal bool Contains(ulong submitter, ulong number) =>
        _rows.GetValueOrDefault(submitter)?.Contains(number) == true;

    /// <summary>Counts the memory of a message in memory, or gives it back.</summary>
    internal void Hold(ulong submitter, long bytes)
    {
        memory.Hold(submitter, bytes);
        if (_rows.TryGetValue(submitter, out WaitingRow? row))
        {
            Move(row, row.Turn);
        }
    }

    /// <summary>Adds a message.</summary>
    internal void Add(ulong submitter, ulong number, SavedMessage? saved)
    {
        if (!_rows.TryGetValue(submitter, out WaitingRow? row))
        {
            _rows.Add(submitter, row = new WaitingRow(submitter));
            memory.HoldRow(submitter, RowBytes);
            Move(row, ++_lastTurn);
        }

        row.Add(number);
        Count++;
        memory.HoldForAll(MessageBytes);
        SetHeld(submitter, number, saved?.Held, bytesBefore: 0);
        SetRoutes(submitter, number, saved?.Routes, bytesBefore: 0);
    }

    /// <summary>What is known about a message's recipients.</summary>
    internal SavedMessage Saved(ulong submitter, ulong number) => new()
    {
        Held = Held(submitter, number),
        Routes = Routes(number),
    };

    /// <summary>The routes of a message's recipients; null if there are none.</summary>
    internal RecipientRoutes? Routes(ulong number) =>
        _routes.TryGetValue(number, out var kept) ? kept.Routes : null;

    /// <summary>Changes the routes of a message's recipients.</summary>
    /// <param name="submitter">Its submitter.</param>
    /// <param name="number">Its number.</param>
    /// <param name="routes">The new routes of its recipients.</param>
    /// <param name="bytesBefore">Bytes of memory that its routes took before.</param>
    internal void SetRoutes(
        ulong submitter, ulong number, RecipientRoutes? routes, long bytesBefore)
    {
        if (_routes.Remove(number))
        {
            memory.HoldRoutes(-RouteBytes - bytesBefore);
        }

        if (routes is { Count: > 0 })
        {
            memory.HoldRoutes(RouteBytes + routes.MemoryBytes);
            _routes.Add(number, (submitter, routes));
        }
    }

    /// <summary>Which of a message's recipients are held; null if none are.</summary>
    internal HeldRecipients? Held(ulong submitter, ulong number) =>
        _held.TryGetValue(number, out HeldRecipients? some) ? some
            : _rows[submitter].IsHeld(number) ? HeldRecipients.OfAll()
            : null;

    /// <summary>Changes which of a message's recipients are held. To hold all of them takes no
    /// memory.</summary>
    /// <param name="submitter">Its submitter.</param>
    /// <param name="number">Its number.</param>
    /// <param name="held">The recipients that are held now.</param>
    /// <param name="bytesBefore">Bytes of memory that the held recipients took before.</param>
    internal void SetHeld(
        ulong submitter, ulong number, HeldRecipients? held, long bytesBefore)
    {
        WaitingRow row = _rows[submitter];
        bool isHeld = held is { IsEmpty: false };
        HeldCount += (isHeld ? 1 : 0) - (row.IsHeld(number) ? 1 : 0);
        row.SetHeld(number, isHeld);
        if (_held.Remove(number))
        {
            memory.HoldForAll(-HeldBytes - bytesBefore);
        }

        if (isHeld && !held!.HoldsAll)
        {
            memory.HoldForAll(HeldBytes + held.MemoryBytes);
            _held.Add(number, held);
        }
    }

    /// <summary>Removes a message, whether it was next or not.</summary>
    internal void Remove(ulong submitter, ulong number)
    {
        SetHeld(submitter, number, null, Held(submitter, number)?.MemoryBytes ?? 0);
        SetRoutes(submitter, number, null, Routes(number)?.MemoryBytes ?? 0);
        WaitingRow row = _rows[submitter];
        row.Remove(number);
        Count--;
        memory.HoldForAll(-MessageBytes);
        if (row.Count > 0)
        {
            Move(row, ++_lastTurn);
            return;
        }

        _rows.Remove(submitter);
        _users[QueueMemory.UidOf(submitter)].Remove(row);
        memory.HoldRow(submitter, -RowBytes);
    }

    /// <summary>The next message to read into memory: the oldest of a submitter that has room,
    /// users in turn; else the oldest with a route; null if there is no room. It stays the next
    /// until it is removed.</summary>
    internal (ulong Submitter, ulong Number)? Next()
    {
        for (int i = _turns.Count; i > 0; i--)
        {
            uint uid = _turns.Peek();
            SortedSet<WaitingRow> rows = _users[uid];
            if (rows.Min is { } row && memory.HasRoom(row.Submitter))
            {
                return (row.Submitter, row.Oldest);
            }

            _turns.Dequeue();
            if (rows.Count > 0)
            {
                _turns.Enqueue(uid);
            }
            else
            {
                _users.Remove(uid);
            }
        }

        if (_routes.Count == 0 || !memory.HasRoomToAct)
        {
            return null;
        }

        (ulong number, (ulong submitter, _)) = _routes.First();
        return (submitter, number);
    }

    /// <summary>Ends the turn of the user whose message <see cref="Next"/> returned.</summary>
    internal void EndTurn() => _turns.Enqueue(_turns.Dequeue());

    /// <summary>All messages that queue/state has to keep: those in memory, then these.</summary>
    internal IEnumerable<IStateMessage> After(IEnumerable<IStateMessage> messages) =>
        messages.Concat(_rows.Values.SelectMany(row => row.Numbers.Select(number =>
            (IStateMessage)new Untouched(
                number, Held(row.Submitter, number), Routes(number)))));

    /// <summary>Sorts a row anew among those of its user, by the memory that it holds.</summary>
    private void Move(WaitingRow row, long turn)
    {
        uint uid = QueueMemory.UidOf(row.Submitter);
        if (!_users.TryGetValue(uid, out SortedSet<WaitingRow>? rows))
        {
            _users.Add(uid, rows = new SortedSet<WaitingRow>(ByTurn));
            _turns.Enqueue(uid);
        }

        rows.Remove(row);
        (row.Held, row.Turn) = (memory.HeldBy(row.Submitter), turn);
        rows.Add(row);
    }

    /// <summary>A message of which no recipient has been tried.</summary>
    private sealed record Untouched(
        ulong Number, HeldRecipients? Held, RecipientRoutes? Routes) : IStateMessage
    {
        public long LocalDue => 0;

        public long RemoteDue => 0;

        public int Recipients => 0;

        public int DoneCount => 0;

        public bool IsDone(int index) => false;
    }
}
