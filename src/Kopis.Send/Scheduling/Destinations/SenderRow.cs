namespace Kopis.Send.Scheduling.Destinations;

/// <summary>What one sender has to be delivered: its lanes take turns.</summary>
/// <remarks>A sender is an address without what differs by recipient: what is behind the first
/// hyphen, plus or equals sign of its local part.</remarks>
internal sealed class SenderRow(SubmitterRow submitter, ulong key)
{
    private LaneList _ready;
    private LaneList _short;

    internal SubmitterRow Submitter { get; } = submitter;

    internal ulong Key { get; } = key;

    internal Dictionary<Destination, Lane> Lanes { get; } = [];

    /// <summary>Deliveries under way to destinations that have never answered, or did not last.
    /// </summary>
    internal int Unproven { get; set; }

    /// <summary>It is in its submitter's row.</summary>
    internal bool HasTurn { get; set; }

    /// <summary>It is among those that wait for slots for unproven destinations.</summary>
    internal bool IsShortOfSlots { get; set; }

    internal bool HasReady => !_ready.IsEmpty;

    internal bool HasShort => !_short.IsEmpty;

    internal bool IsEmpty => Lanes.Count == 0 && Unproven == 0 && !HasTurn && !IsShortOfSlots;

    internal void AddReady(Lane lane) => _ready.Enqueue(lane);

    internal Lane DequeueReady() => _ready.Dequeue();

    internal void AddShort(Lane lane) => _short.Enqueue(lane);

    internal Lane DequeueShort() => _short.Dequeue();
}
