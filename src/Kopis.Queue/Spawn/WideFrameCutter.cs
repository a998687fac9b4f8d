using System.Buffers;
using System.Buffers.Binary;

namespace Kopis.Queue.Spawn;

/// <summary>Splits bytes into frames: a u32 length, and as many bytes. Only bytes that have come
/// are kept, so a large length alone takes no memory.</summary>
/// <param name="bytesMax">The longest frame.</param>
internal sealed class WideFrameCutter(int bytesMax)
{
    private readonly ArrayBufferWriter<byte> _kept = new();

    /// <summary>Reads one frame's type and body.</summary>
    internal delegate void FrameReader(byte type, ReadOnlySpan<byte> body);

    /// <exception cref="InvalidDataException">A frame is empty or too long.</exception>
    internal void Read(ReadOnlySpan<byte> bytes, FrameReader frame)
    {
        if (_kept.WrittenCount == 0)
        {
            bytes = bytes[Cut(bytes, frame)..];
            _kept.Write(bytes);
            return;
        }

        _kept.Write(bytes);
        int used = Cut(_kept.WrittenSpan, frame);
        if (used > 0)
        {
            byte[] rest = _kept.WrittenSpan[used..].ToArray();
            _kept.ResetWrittenCount();
            _kept.Write(rest);
        }
    }

    private int Cut(ReadOnlySpan<byte> bytes, FrameReader frame)
    {
        int used = 0;
        while (bytes.Length - used >= 4)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[used..]);
            if (length == 0 || length > (uint)bytesMax)
            {
                throw new InvalidDataException("A frame is empty or too long.");
            }

            if (bytes.Length - used - 4 < length)
            {
                break;
            }

            ReadOnlySpan<byte> whole = bytes.Slice(used + 4, (int)length);
            frame(whole[0], whole[1..]);
            used += 4 + (int)length;
        }

        return used;
    }
}
