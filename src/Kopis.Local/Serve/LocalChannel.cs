using System.Buffers.Binary;
using Kopis.Queue;

namespace Kopis.Local;

/// <summary>
/// The frames between qmail-lspawn and a warm qmail-local, over a Unix stream socket. Numbers are
/// little-endian; a length counts what follows it. Neither side trusts the other: every length has
/// a cap, and what does not fit the form ends the connection.
/// </summary>
/// <remarks>
/// Order, qmail-lspawn → qmail-local: u32 length, u32 id, u8 own file (0 or 1), qmail-local's eight
/// arguments each with a NUL, and then the message where it has no file of its own. Where it has
/// one, its descriptor comes with the frame's first byte (SCM_RIGHTS), and nothing follows.
/// Answer, qmail-local → qmail-lspawn: u32 length, u32 id, u8 exit code, the words for the report.
/// </remarks>
internal static class LocalChannel
{
    /// <summary>The length before each frame.</summary>
    internal const int LengthBytes = 4;

    /// <summary>
    /// Id and flag before an order's fields; id and code before an answer's text.
    /// </summary>
    internal const int HeadBytes = 5;

    /// <summary>The eight arguments; Linux itself passes at most 128 KiB in one.</summary>
    internal const int FieldsBytesMax = 256 * 1024;

    /// <summary>The longest order without its length.</summary>
    internal const int OrderBytesMax =
        HeadBytes + FieldsBytesMax + QueueLimits.InlineBodyBytesMax;

    /// <summary>The longest answer without its length.</summary>
    internal const int AnswerBytesMax = HeadBytes + CapturedOutput.BytesMax;

    /// <summary>An order as a frame.</summary>
    /// <param name="id">The number that the answer will have.</param>
    /// <param name="request">What to deliver to whom.</param>
    /// <param name="ownFile">Whether a descriptor goes with it.</param>
    /// <param name="bodyBytes">Room left at the frame's end for the message.</param>
    /// <returns>Null where the arguments are longer than any.</returns>
    internal static byte[]? FormatOrder(
        uint id, DeliveryRequest request, bool ownFile, int bodyBytes)
    {
        byte[][] fields = request.ToFields();
        int fieldsBytes = fields.Sum(field => field.Length + 1);
        if (fieldsBytes > FieldsBytesMax || bodyBytes > QueueLimits.InlineBodyBytesMax)
        {
            return null;
        }

        byte[] frame = new byte[LengthBytes + HeadBytes + fieldsBytes + bodyBytes];
        WriteHead(frame, id, (byte)(ownFile ? 1 : 0));
        int at = LengthBytes + HeadBytes;
        foreach (byte[] field in fields)
        {
            field.CopyTo(frame, at);
            at += field.Length + 1;
        }

        return frame;
    }

    /// <summary>Reads an order without its length. Its memory is the frame's.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    internal static DeliveryOrder ParseOrder(ReadOnlyMemory<byte> frame)
    {
        byte flag = Head(frame, out uint id);
        ReadOnlyMemory<byte> rest = frame[HeadBytes..];
        byte[][] fields = new byte[DeliveryRequest.FieldCount][];
        for (int i = 0; i < fields.Length; i++)
        {
            int end = rest.Span.IndexOf((byte)0);
            fields[i] = end >= 0 ? rest[..end].ToArray() : throw Malformed();
            rest = rest[(end + 1)..];
        }

        bool ownFile = flag == 1;
        if (flag > 1 || (ownFile && !rest.IsEmpty))
        {
            throw Malformed();
        }

        DeliveryRequest request = DeliveryRequest.From(fields) ?? throw Malformed();
        return new DeliveryOrder(id, request, ownFile, rest);
    }

    /// <summary>An answer as a frame.</summary>
    internal static byte[] FormatAnswer(uint id, int exitCode, ReadOnlySpan<byte> text)
    {
        byte[] frame = new byte[LengthBytes + HeadBytes + text.Length];
        WriteHead(frame, id, (byte)exitCode);
        text.CopyTo(frame.AsSpan(LengthBytes + HeadBytes));
        return frame;
    }

    /// <summary>Reads an answer without its length. Its memory is the frame's.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    internal static DeliveryAnswer ParseAnswer(ReadOnlyMemory<byte> frame)
    {
        byte code = Head(frame, out uint id);
        return new DeliveryAnswer(id, code, frame[HeadBytes..]);
    }

    private static void WriteHead(Span<byte> frame, uint id, byte value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - LengthBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[LengthBytes..], id);
        frame[LengthBytes + HeadBytes - 1] = value;
    }

    private static byte Head(ReadOnlyMemory<byte> frame, out uint id)
    {
        if (frame.Length < HeadBytes)
        {
            throw Malformed();
        }

        id = BinaryPrimitives.ReadUInt32LittleEndian(frame.Span);
        return frame.Span[HeadBytes - 1];
    }

    private static InvalidDataException Malformed() => new("A frame is not of its form.");
}
