namespace Kopis.Send;

/// <summary>What one submitter has to be delivered on a channel: submitters take turns, so that a
/// hundred thousand messages of one do not keep the others' waiting.</summary>
internal sealed class OriginRow(uint uid)
{
    /// <summary>Who queued it.</summary>
    internal uint Uid { get; } = uid;

    /// <summary>Messages that are due and have no pass yet, in the order of their times.</summary>
    internal Queue<QueuedMessage> Due { get; } = new();

    /// <summary>Open passes that may have something left to order.</summary>
    internal Queue<Pass> Rotation { get; } = new();

    /// <summary>Nothing of it is due.</summary>
    internal bool IsEmpty => Due.Count + Rotation.Count == 0;
}
