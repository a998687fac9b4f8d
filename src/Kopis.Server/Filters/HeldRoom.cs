namespace Kopis.Server.Filters;

/// <summary>The memory that all messages share which wait for their filters. May be used from many
/// threads.</summary>
internal sealed class HeldRoom
{
    /// <summary>Over this, what a message brings goes to a file at once.</summary>
    internal const long BytesMax = 32 * 1024 * 1024;

    private long _bytes;

    /// <summary>What is taken.</summary>
    internal long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Takes some; false where there is no more.</summary>
    internal bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= BytesMax)
        {
            return true;
        }

        Interlocked.Add(ref _bytes, -bytes);
        return false;
    }

    /// <summary>Gives some back.</summary>
    internal void Return(int bytes) => Interlocked.Add(ref _bytes, -bytes);
}
