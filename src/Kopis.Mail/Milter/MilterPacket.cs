using System.Buffers;
using System.Buffers.Binary;

namespace Kopis.Mail.Milter;

/// <summary>
/// The packets of the milter protocol: four bytes of length, big-endian, which count a letter and
/// what follows it (libmilter's mfdef.h; Sendmail's "Milter protocol" in libmilter/docs).
/// </summary>
public static class MilterPacket
{
    /// <summary>The size of a length field.</summary>
    public const int LengthBytes = 4;

    /// <summary>The most that one packet of ours carries (MILTER_CHUNK_SIZE).</summary>
    public const int DataBytesMax = 65_535;

    /// <summary>The longest packet that is accepted from a filter. libmilter sends at most 64 KiB;
    /// other filters send a new body in one piece.</summary>
    public const int ReplyBytesMax = 1024 * 1024;

    /// <summary>Reads a length.</summary>
    /// <returns>-1 for a length that no packet can have.</returns>
    public static int ReadLength(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt32BigEndian(bytes) is var length and >= 1 and <= ReplyBytesMax
            ? (int)length : -1;

    /// <summary>Writes a packet.</summary>
    /// <param name="to">The output.</param>
    /// <param name="letter">SMFIC_*.</param>
    /// <param name="data">The data, cut at <see cref="DataBytesMax"/>.</param>
    public static void Write(IBufferWriter<byte> to, char letter, ReadOnlySpan<byte> data = default)
    {
        data = data[..Math.Min(data.Length, DataBytesMax)];
        Span<byte> head = to.GetSpan(LengthBytes + 1);
        BinaryPrimitives.WriteUInt32BigEndian(head, (uint)data.Length + 1);
        head[LengthBytes] = (byte)letter;
        to.Advance(LengthBytes + 1);
        to.Write(data);
    }

    /// <summary>Adds a text and a final NUL. A NUL within the text would end it early, so it
    /// becomes a blank.</summary>
    public static void AddText(
        IBufferWriter<byte> to, ReadOnlySpan<byte> text, int bytesMax = DataBytesMax)
    {
        text = text[..Math.Min(text.Length, bytesMax)];
        Span<byte> place = to.GetSpan(text.Length + 1);
        text.Replace(place, (byte)0, (byte)' ');
        place[text.Length] = 0;
        to.Advance(text.Length + 1);
    }
}
