using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>What one user has in use at the queue writer.</summary>
internal sealed class IntakeUser(uint uid, bool isOurs, MemoryBudget memory)
{
    internal uint Uid { get; } = uid;

    /// <summary>Whether it is a user of qmail's own programs.</summary>
    internal bool IsOurs { get; } = isOurs;

    internal MemoryBudget Memory { get; } = memory;

    /// <summary>Limits the large messages of a local user that are being written to files.
    /// </summary>
    internal FairGate LargeMessages { get; } = new(QueueLimits.LargePerUserMax);

    /// <summary>How many sessions run. Changed under the lock of the session list.</summary>
    internal int Sessions { get; set; }
}
