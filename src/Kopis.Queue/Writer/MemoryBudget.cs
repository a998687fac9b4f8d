namespace Kopis.Queue.Writer;

/// <summary>Bytes that intakes may hold in memory: those of a user, of all local users, of
/// all. Each counts in the next one too.</summary>
internal sealed class MemoryBudget(long bytesMax, MemoryBudget? within = null)
{
    private long _held;

    /// <summary>What is in use at this moment.</summary>
    internal long Held => Interlocked.Read(ref _held);

    /// <summary>Acquires a share if there is one.</summary>
    internal bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= bytesMax
            && (within is null || within.TryTake(bytes)))
        {
            return true;
        }

        Interlocked.Add(ref _held, -bytes);
        return false;
    }

    internal void GiveBack(long bytes)
    {
        Interlocked.Add(ref _held, -bytes);
        within?.GiveBack(bytes);
    }
}
