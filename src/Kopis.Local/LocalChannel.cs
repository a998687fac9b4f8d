using System.Buffers;
using System.Buffers.Binary;

namespace Kopis.Local;

/// <summary>
/// The frames between qmail-lspawn and a warm qmail-local. All numbers are little-endian u32.
/// A request: id, length of the fields, length of the message; the eight arguments, each ended by
/// NUL; the message. Where the message is a file, its length is <see cref="InFile"/> and
/// the descriptor comes with the frame's first byte. A reply: id, exit code, length of the text, the text.
/// </summary>
internal static class LocalChannel
{
    internal const int HeadBytes = 12;

    /// <summary>The message's length where a descriptor is passed instead.</summary>
    internal const uint InFile = uint.MaxValue;

    /// <summary>Eight arguments of at most some thousand bytes each, and .qmail defaults.</summary>
    internal const int FieldBytesMax = 64 * 1024;

    /// <summary>The queue's inline limit, with its Received line.</summary>
    internal const int MessageBytesMax = 512 * 1024;

    /// <summary>Longer texts are cut by qmail-local before they are sent.</summary>
    internal const int TextBytesMax = 32 * 1024;

    internal static byte[] Request(uint id, LocalArguments arguments, int messageBytes)
    {
        ArrayBufferWriter<byte> frame = new(512);
        frame.Advance(Clear(frame, HeadBytes));
        foreach (byte[] field in arguments.Fields)
        {
            frame.Write(field.AsSpan());
            frame.Write("\0"u8);
        }

        byte[] bytes = frame.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, id);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), bytes.Length - HeadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(
            bytes.AsSpan(8), messageBytes < 0 ? InFile : (uint)messageBytes);
        return bytes;
    }

    /// <summary>The eight arguments; null where there are not eight, each ended by NUL.</summary>
    internal static LocalArguments? ParseFields(ReadOnlySpan<byte> fields)
    {
        List<byte[]> found = [];
        while (!fields.IsEmpty)
        {
            int end = fields.IndexOf((byte)0);
            if (end < 0 || found.Count == LocalArguments.Count)
            {
                return null;
            }

            found.Add(fields[..end].ToArray());
            fields = fields[(end + 1)..];
        }

        return found.Count == LocalArguments.Count ? LocalArguments.From(found) : null;
    }

    internal static byte[] Reply(uint id, LocalResult result)
    {
        int length = Math.Min(result.Text.Length, TextBytesMax);
        byte[] bytes = new byte[HeadBytes + length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, id);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), result.Code);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), length);
        result.Text.AsSpan(0, length).CopyTo(bytes.AsSpan(HeadBytes));
        return bytes;
    }

    private static int Clear(ArrayBufferWriter<byte> frame, int count)
    {
        frame.GetSpan(count)[..count].Clear();
        return count;
    }
}
