namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The mail of one sender. The sender's lanes take turns.</summary>
/// <remarks>A sender is an address without the part that differs by recipient: what follows the
/// first hyphen, plus or equals sign of its local part.</remarks>
internal sealed class SenderRow(SubmitterRow submitter, ulong key)
{
    private LaneList _ready;
    private LaneList _short;

    internal SubmitterRow Submitter { get; } = submitter;

    internal ulong Key { get; } = key;

    internal Dictionary<Destination, Lane> Lanes { get; } = [];

    /// <summary>Deliveries under way to unproven destinations: those that have never answered, or
    /// whose answer is overdue.</summary>
    internal int Unproven { get; set; }

    /// <summary>Whether the sender is in its submitter's row.</summary>
    internal bool HasTurn { get; set; }

    /// <summary>Whether the sender waits for slots for unproven destinations.</summary>
    internal bool IsShortOfSlots { get; set; }

    internal bool HasReady => !_ready.IsEmpty;

    internal bool HasShort => !_short.IsEmpty;

    internal bool IsEmpty => Lanes.Count == 0 && Unproven == 0 && !HasTurn && !IsShortOfSlots;

    internal void AddReady(Lane lane) => _ready.Enqueue(lane);

    internal Lane DequeueReady() => _ready.Dequeue();

    internal void AddShort(Lane lane) => _short.Enqueue(lane);

    internal Lane DequeueShort() => _short.Dequeue();
}
