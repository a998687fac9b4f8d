using System.Buffers;

namespace Kopis.Base;

/// <summary>What <see cref="IBufferWriter{T}"/> lacks for single bytes.</summary>
public static class BufferExtensions
{
    /// <summary>Appends one byte.</summary>
    public static void WriteByte(this IBufferWriter<byte> to, byte value)
    {
        to.GetSpan(1)[0] = value;
        to.Advance(1);
    }
}
