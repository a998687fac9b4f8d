using System.Buffers.Binary;

namespace Kopis.Queue;

/// <summary>The writer's answer to one submission.</summary>
internal static class IntakeReply
{
    internal static QueueReply Read(ReadOnlySpan<byte> bytes) => new(
        bytes[0],
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[5..]));
}
