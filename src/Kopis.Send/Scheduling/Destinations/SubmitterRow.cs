namespace Kopis.Send.Scheduling.Destinations;

/// <summary>What one submitter has to be delivered: his senders take turns.</summary>
internal sealed class SubmitterRow(ClassRing ring, ulong key)
{
    internal ClassRing Ring { get; } = ring;

    /// <summary>As <see cref="QueuedMessage.Submitter"/>.</summary>
    internal ulong Key { get; } = key;

    internal Dictionary<ulong, SenderRow> Senders { get; } = [];

    internal Queue<SenderRow> Turns { get; } = new();

    /// <summary>It is in the ring.</summary>
    internal bool HasTurn { get; set; }
}
