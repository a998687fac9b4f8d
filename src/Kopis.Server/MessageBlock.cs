using System.Buffers;

namespace Kopis.Server;

/// <summary>
/// A pooled buffer that begins small, grows with a message, and has a fixed most.
/// </summary>
internal sealed class MessageBlock : IBufferWriter<byte>, IDisposable
{
    /// <summary>The most it holds; a queue frame may have 65,536 bytes (docs/ARCHITECTURE.md).
    /// </summary>
    internal const int BytesMax = 32 * 1024;

    private const int BytesAtFirst = 4096;
    private byte[] _bytes = [];
    private int _count;

    /// <summary>What is in it.</summary>
    internal ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _count);

    /// <summary>Bytes that may still be written.</summary>
    internal int Free => BytesMax - _count;

    internal void Clear() => _count = 0;

    public void Advance(int count) => _count += count;

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = _count + Math.Max(1, sizeHint);
        if (needed > _bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(
                Math.Max(needed, Math.Max(BytesAtFirst, _bytes.Length * 2)));
            Written.CopyTo(larger);
            Dispose();
            _bytes = larger;
        }

        return _bytes.AsMemory(_count);
    }

    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }
}
