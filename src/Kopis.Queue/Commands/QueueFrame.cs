using System.Buffers;
using System.Buffers.Binary;
using Kopis.Base;

namespace Kopis.Queue.Commands;

/// <summary>The frames of the command socket: u32 length of what follows, one byte for the kind,
/// and the content. Numbers are little-endian.</summary>
public static class QueueFrame
{
    /// <summary>Length and kind.</summary>
    public const int HeadBytes = 5;

    /// <summary>The longest request: a few thousand numbers, a text, addresses.</summary>
    public const int RequestBytesMax = 64 * 1024;

    /// <summary>The longest answer: one recipient with its text.</summary>
    public const int AnswerBytesMax = 16 * 1024;

    /// <summary>An answer with a message; its matching recipients follow.</summary>
    public const byte Message = (byte)'M';

    /// <summary>An answer with a recipient of the message before it.</summary>
    public const byte Recipient = (byte)'R';

    /// <summary>An answer with a destination.</summary>
    public const byte Destination = (byte)'D';

    /// <summary>An answer with a summary of the queue.</summary>
    public const byte Summary = (byte)'S';

    /// <summary>An answer with the progress.</summary>
    public const byte Progress = (byte)'P';

    /// <summary>The last answer: the result.</summary>
    public const byte End = (byte)'E';

    /// <summary>The last answer: the reason why nothing was done, as text.</summary>
    public const byte Refused = (byte)'N';

    /// <summary>The path of the socket in a home.</summary>
    public static string SocketPath(string home) =>
        Path.Combine(home, "queue", "command", "send");

    /// <summary>Writes a frame.</summary>
    public static void Write(IBufferWriter<byte> to, byte kind, ReadOnlySpan<byte> content)
    {
        Begin(to, kind, content.Length);
        to.Write(content);
    }

    /// <summary>Writes the head of a frame, whose content follows.</summary>
    internal static void Begin(IBufferWriter<byte> to, byte kind, int contentBytes)
    {
        Span<byte> head = to.GetSpan(HeadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(head, (uint)contentBytes + 1);
        head[sizeof(uint)] = kind;
        to.Advance(HeadBytes);
    }

    /// <summary>How many bytes <see cref="Put(IBufferWriter{byte}, ReadOnlySpan{byte})"/> writes.
    /// </summary>
    internal static int SizeOf(ReadOnlySpan<byte> bytes) => sizeof(ushort) + bytes.Length;

    /// <summary>The length of the frame that begins here, including its head.</summary>
    /// <returns>0 if the head is incomplete; minus one if the length is not possible.</returns>
    public static int LengthOf(ReadOnlySpan<byte> bytes, int bytesMax)
    {
        if (bytes.Length < HeadBytes)
        {
            return 0;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        return length >= 1 && length <= bytesMax - sizeof(uint)
            ? (int)length + sizeof(uint)
            : -1;
    }

    internal static void Put(IBufferWriter<byte> to, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to.GetSpan(sizeof(ulong)), value);
        to.Advance(sizeof(ulong));
    }

    internal static void Put(IBufferWriter<byte> to, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to.GetSpan(sizeof(uint)), value);
        to.Advance(sizeof(uint));
    }

    /// <summary>Writes a field: its length as u16, then its bytes.</summary>
    internal static void Put(IBufferWriter<byte> to, ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to.GetSpan(sizeof(ushort)), (ushort)bytes.Length);
        to.Advance(sizeof(ushort));
        to.Write(bytes);
    }

    internal static void Put(IBufferWriter<byte> to, byte value) => to.WriteByte(value);
}
