namespace Kopis.Queue;

/// <summary>Bytes that all submissions together may hold in memory.</summary>
internal sealed class MemoryBudget(long bytesMax)
{
    private long _held;

    /// <summary>What is taken at this moment.</summary>
    internal long Held => Interlocked.Read(ref _held);

    /// <summary>Takes a share if it is there.</summary>
    internal bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= bytesMax)
        {
            return true;
        }

        Interlocked.Add(ref _held, -bytes);
        return false;
    }

    internal void GiveBack(long bytes) => Interlocked.Add(ref _held, -bytes);
}
