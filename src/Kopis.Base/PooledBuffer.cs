using System.Buffers;

namespace Kopis.Base;

/// <summary>A buffer of pooled memory that starts small and grows. Dispose empties it and returns
/// its memory to the pool. Only one thread may use it.</summary>
/// <param name="bytesMax">The most that it should hold. This is not enforced; <see cref="Free"/>
/// says how much is left.</param>
public sealed class PooledBuffer(int bytesMax = int.MaxValue) : IBufferWriter<byte>, IDisposable
{
    private const int BytesAtFirst = 4096;

    private byte[] _bytes = [];
    private int _count;

    /// <summary>The bytes written so far; valid until the next write, Clear or Dispose.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _count);

    /// <summary>How many bytes were written.</summary>
    public int Count => _count;

    /// <summary>Bytes that may still be written.</summary>
    public int Free => bytesMax - _count;

    /// <summary>Empties it, and keeps its memory.</summary>
    public void Clear() => _count = 0;

    /// <inheritdoc/>
    public void Advance(int count) => _count += count;

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = _count + Math.Max(1, sizeHint);
        if (needed > _bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(
                Math.Max(needed, Math.Max(BytesAtFirst, _bytes.Length * 2)));
            Written.CopyTo(larger);
            Return();
            _bytes = larger;
        }

        return _bytes.AsMemory(_count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Return();
        _count = 0;
    }

    private void Return()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }
}
