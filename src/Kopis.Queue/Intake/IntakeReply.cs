using System.Buffers.Binary;

namespace Kopis.Queue.Intake;

/// <summary>The writer's reply about one message.</summary>
internal static class IntakeReply
{
    internal static QueueReply Read(ReadOnlySpan<byte> bytes) => new(
        bytes[0],
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[5..]));

    internal static void Write(Span<byte> to, QueueReply reply)
    {
        to[0] = (byte)reply.Code;
        BinaryPrimitives.WriteUInt32LittleEndian(to[1..], reply.Qp);
        BinaryPrimitives.WriteUInt64LittleEndian(to[5..], reply.MessageNumber);
    }
}
