namespace Kopis.Server.Filters;

/// <summary>The memory shared by all messages that wait for their filters. May be used from many
/// threads.</summary>
internal sealed class HeldRoom
{
    /// <summary>Above this, new bytes go to files at once.</summary>
    internal const long BytesMax = 32 * 1024 * 1024;

    private long _bytes;

    /// <summary>How many bytes are in use.</summary>
    internal long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Takes memory; false if there is none left.</summary>
    internal bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= BytesMax)
        {
            return true;
        }

        Interlocked.Add(ref _bytes, -bytes);
        return false;
    }

    /// <summary>Gives memory back.</summary>
    internal void Return(int bytes) => Interlocked.Add(ref _bytes, -bytes);
}
