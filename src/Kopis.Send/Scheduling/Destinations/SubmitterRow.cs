namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The mail of one submitter. The submitter's senders take turns.</summary>
internal sealed class SubmitterRow(ClassRing ring, ulong key)
{
    internal ClassRing Ring { get; } = ring;

    /// <summary>As <see cref="QueuedMessage.Submitter"/>.</summary>
    internal ulong Key { get; } = key;

    internal Dictionary<ulong, SenderRow> Senders { get; } = [];

    internal Queue<SenderRow> Turns { get; } = new();

    /// <summary>Whether the submitter is in the ring.</summary>
    internal bool HasTurn { get; set; }
}
