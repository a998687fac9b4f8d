using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>What one user uses of the queue writer at this moment.</summary>
internal sealed class IntakeUser(uint uid, bool isOurs, MemoryBudget memory)
{
    internal uint Uid { get; } = uid;

    /// <summary>A program of qmail's own.</summary>
    internal bool IsOurs { get; } = isOurs;

    internal MemoryBudget Memory { get; } = memory;

    /// <summary>Messages of a local user that may be on their way to files of their own.</summary>
    internal FairGate LargeMessages { get; } = new(QueueLimits.LargePerUserMax);

    /// <summary>Sessions that run; changed under the lock of their list.</summary>
    internal int Sessions { get; set; }
}
