using System.Buffers;

namespace Kopis.Queue.Writer;

/// <summary>A buffer that grows as bytes arrive, in pooled memory. What exceeds
/// <paramref name="bytesFree"/> is taken from the shared budget.</summary>
internal sealed class BudgetedBuffer(MemoryBudget budget, int bytesFree) : IDisposable
{
    private const int FirstBytes = 4096;

    private byte[] _buffer = [];
    private int _length;

    internal ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Adds the bytes. False, and nothing is added, if the budget does not allow it.
    /// </summary>
    internal bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        int needed = _length + bytes.Length;
        if (needed > _buffer.Length && !TryGrow(needed))
        {
            return false;
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length = needed;
        return true;
    }

    /// <summary>Frees all memory; the buffer is then empty.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            budget.GiveBack(Share(_buffer));
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = [];
        _length = 0;
    }

    private bool TryGrow(int needed)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(
            Math.Max(needed, Math.Max(FirstBytes, _buffer.Length * 2)));
        if (!budget.TryTake(Share(larger)))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        int length = _length;
        Written.CopyTo(larger);
        Dispose();
        _buffer = larger;
        _length = length;
        return true;
    }

    private int Share(byte[] buffer) => Math.Max(0, buffer.Length - bytesFree);
}
