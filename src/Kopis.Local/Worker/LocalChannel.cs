using System.Buffers.Binary;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Local.Worker;

/// <summary>The messages to and from a warm qmail-local. Numbers are little-endian; a length counts
/// what follows it. Neither side trusts the other: every length has a limit, and a malformed
/// message ends the connection.</summary>
/// <remarks>
/// Grant, root's half of qmail-lspawn → qmail-local, one packet of a Unix socket: u32 id,
/// qmail-local's eight arguments each with a NUL, the sender empty.
/// Order, the other half → qmail-local, over a Unix stream socket: u32 length, u32 id, u8 own file
/// (0 or 1), the sender with a NUL, and then the message where it is small. A larger one is in a
/// file of its own, the queue's or one in memory. Its descriptor comes with the frame's first byte
/// (SCM_RIGHTS), and nothing follows.
/// Answer, back: u32 length, u32 id, u8 exit code, the words for the report.
/// Place, asked for by a delivery before each program of a .qmail file: an answer with the code
/// <see cref="PlaceWanted"/> and no words; an order with <see cref="PlaceGranted"/> and no more;
/// when the program has ended, an answer with <see cref="PlaceFree"/> and no words.
/// </remarks>
internal static class LocalChannel
{
    /// <summary>The length before each frame.</summary>
    internal const int LengthBytes = 4;

    /// <summary>The id of a grant.</summary>
    internal const int IdBytes = 4;

    /// <summary>Id and flag before an order's sender; id and code before an answer's text.
    /// </summary>
    internal const int HeadBytes = 5;

    /// <summary>The longest grant; Linux itself passes at most 128 KiB in one argument.</summary>
    internal const int GrantBytesMax = 128 * 1024;

    /// <summary>The longest order without its length.</summary>
    internal const int OrderBytesMax =
        HeadBytes + DeliveryCommand.FieldBytesMax + 1 + QueueLimits.BlockBytesMax;

    /// <summary>The longest answer without its length.</summary>
    internal const int AnswerBytesMax = HeadBytes + CapturedOutput.BytesMax;

    /// <summary>In an answer: the delivery is about to run a program.</summary>
    internal const byte PlaceWanted = 255; // No exit code of qmail-local (contract §7.5).

    /// <summary>In an answer: that program has ended.</summary>
    internal const byte PlaceFree = 254;

    /// <summary>In an order: the program may run.</summary>
    internal const byte PlaceGranted = 2;

    /// <summary>Reads a grant.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    internal static LocalGrant ParseGrant(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < IdBytes)
        {
            throw Malformed();
        }

        ReadOnlySpan<byte> rest = packet[IdBytes..];
        byte[][] fields = new byte[DeliveryRequest.FieldCount][];
        for (int i = 0; i < fields.Length; i++)
        {
            int end = rest.IndexOf((byte)0);
            fields[i] = end >= 0 ? rest[..end].ToArray() : throw Malformed();
            rest = rest[(end + 1)..];
        }

        return rest.IsEmpty && DeliveryRequest.From(fields) is { Sender.Length: 0 } request
            ? new LocalGrant(BinaryPrimitives.ReadUInt32LittleEndian(packet), request)
            : throw Malformed();
    }

    /// <summary>Makes the frame of an order, with room for the message at its end.</summary>
    internal static byte[] FormatOrder(
        uint id, bool ownFile, ReadOnlySpan<byte> sender, int bodyBytes)
    {
        byte[] frame = new byte[LengthBytes + HeadBytes + sender.Length + 1 + bodyBytes];
        WriteHead(frame, id, (byte)(ownFile ? 1 : 0));
        sender.CopyTo(frame.AsSpan(LengthBytes + HeadBytes));
        return frame;
    }

    /// <summary>Makes the frame that lets a delivery run its program.</summary>
    internal static byte[] FormatPlace(uint id)
    {
        byte[] frame = new byte[LengthBytes + HeadBytes];
        WriteHead(frame, id, PlaceGranted);
        return frame;
    }

    /// <summary>The delivery that a frame without its length allows to run its program; null: the
    /// frame is an order.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    internal static uint? ParsePlace(ReadOnlySpan<byte> frame) =>
        Head(frame, out uint id) != PlaceGranted ? null
        : frame.Length == HeadBytes ? id
        : throw Malformed();

    /// <summary>Parses an order without its length. The order uses the frame's memory.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    internal static LocalCommand ParseOrder(byte[] frame)
    {
        byte flag = Head(frame, out uint id);
        int end = Array.IndexOf(frame, (byte)0, HeadBytes);
        bool ownFile = flag == 1;
        return end < 0 || flag > 1 || (ownFile && end + 1 < frame.Length)
            ? throw Malformed()
            : new LocalCommand(id, ownFile, frame[HeadBytes..end], frame.AsMemory(end + 1));
    }

    /// <summary>Makes the frame of an answer.</summary>
    internal static byte[] FormatAnswer(uint id, int exitCode, ReadOnlySpan<byte> text)
    {
        byte[] frame = new byte[LengthBytes + HeadBytes + text.Length];
        WriteHead(frame, id, (byte)exitCode);
        text.CopyTo(frame.AsSpan(LengthBytes + HeadBytes));
        return frame;
    }

    /// <summary>Parses an answer without its length. The answer uses the frame's memory.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    internal static LocalReport ParseAnswer(ReadOnlyMemory<byte> frame)
    {
        byte code = Head(frame.Span, out uint id);
        return code < PlaceFree || frame.Length == HeadBytes
            ? new LocalReport(id, code, frame[HeadBytes..])
            : throw Malformed();
    }

    private static void WriteHead(Span<byte> frame, uint id, byte value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - LengthBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[LengthBytes..], id);
        frame[LengthBytes + HeadBytes - 1] = value;
    }

    private static byte Head(ReadOnlySpan<byte> frame, out uint id)
    {
        if (frame.Length < HeadBytes)
        {
            throw Malformed();
        }

        id = BinaryPrimitives.ReadUInt32LittleEndian(frame);
        return frame[HeadBytes - 1];
    }

    private static InvalidDataException Malformed() => new("A frame is not of its form.");
}
