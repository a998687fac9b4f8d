namespace Kopis.Queue.Writer;

/// <summary>The memory that intakes may use: of one user, of all local users, and of all. Each
/// budget counts in the one around it, too.</summary>
internal sealed class MemoryBudget(long bytesMax, MemoryBudget? within = null)
{
    private long _held;

    /// <summary>How many bytes are in use.</summary>
    internal long Held => Interlocked.Read(ref _held);

    /// <summary>Takes memory, if there is enough.</summary>
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
