using System.Buffers;
using System.Buffers.Binary;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>The frames on <c>queue/intake</c> (docs/ARCHITECTURE.md, "Intake").</summary>
internal static class IntakeFrame
{
    internal const byte Begin = (byte)'B';
    internal const byte Message = (byte)'M';
    internal const byte End = (byte)'E';

    /// <summary>Header fields that go before the message, after the queue's own line. Sent once and
    /// before the end, if the Begin frame has <see cref="HeadFollows"/>.</summary>
    internal const byte Head = (byte)'H';

    /// <summary>Flag of the origin in a Begin frame.</summary>
    internal const byte HeadFollows = 0x80;

    /// <summary>Flag of the origin in a Begin frame: four more bytes with the client's number
    /// follow.</summary>
    internal const byte ClientFollows = 0x40;

    /// <summary>Tag, origin, qp.</summary>
    internal const int BeginBytes = 6;

    /// <summary>The client's number.</summary>
    internal const int ClientBytes = 4;

    /// <summary>Tag and length of a piece or an envelope.</summary>
    internal const int LengthBytes = 5;

    /// <summary>Code, qp, message number.</summary>
    internal const int ReplyBytes = 13;

    /// <summary>The size of a client's pieces. A typical message fits into one, and a thousand
    /// clients in one process need little memory.</summary>
    internal const int PieceBytes = 16 * 1024;

    /// <summary>The path of the socket.</summary>
    internal static string SocketPath(string home) => Path.Combine(home, "queue", "intake");

    internal static void WriteBegin(
        IBufferWriter<byte> to, MessageOrigin origin, uint qp, bool headFollows = false,
        uint client = 0)
    {
        Span<byte> frame = to.GetSpan(BeginBytes + ClientBytes);
        frame[0] = Begin;
        frame[1] = (byte)((byte)origin | (headFollows ? HeadFollows : 0)
            | (client != 0 ? ClientFollows : 0));
        BinaryPrimitives.WriteUInt32LittleEndian(frame[2..], qp);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[BeginBytes..], client);
        to.Advance(BeginBytes + (client != 0 ? ClientBytes : 0));
    }

    internal static void WriteHead(IBufferWriter<byte> to, byte tag, int length)
    {
        Span<byte> head = to.GetSpan(LengthBytes);
        head[0] = tag;
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], length);
        to.Advance(LengthBytes);
    }
}
