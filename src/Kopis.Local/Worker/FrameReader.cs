using System.Buffers.Binary;

namespace Kopis.Local.Worker;

/// <summary>Splits a stream into frames. Holds at most one frame and a block.</summary>
/// <param name="frameBytesMax">The longest frame that is accepted.</param>
internal sealed class FrameReader(int frameBytesMax)
{
    private const int BlockBytes = 16 * 1024;

    private byte[] _bytes = new byte[BlockBytes];
    private int _start;
    private int _end;

    /// <summary>The space for the next bytes. Call <see cref="Advance"/> with how many were read.
    /// </summary>
    internal Span<byte> Space()
    {
        if (_start > 0)
        {
            _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
            _end -= _start;
            _start = 0;
        }

        int wanted = Math.Max(_end + 1, AnnouncedBytes());
        if (_bytes.Length < wanted)
        {
            Array.Resize(ref _bytes, Math.Max(wanted, _bytes.Length * 2));
        }

        return _bytes.AsSpan(_end);
    }

    /// <summary>Adds bytes that were read.</summary>
    internal void Advance(int count) => _end += count;

    /// <summary>A copy of the next whole frame without its length; null: more must be read.
    /// </summary>
    /// <exception cref="InvalidDataException">The length of a frame exceeds the limit.</exception>
    internal byte[]? TryTake()
    {
        int announced = AnnouncedBytes();
        if (announced == 0 || _end - _start < announced)
        {
            return null;
        }

        byte[] frame = _bytes[(_start + LocalChannel.LengthBytes)..(_start + announced)];
        _start += announced;
        return frame;
    }

    // Includes the length itself; zero while that is incomplete.
    private int AnnouncedBytes()
    {
        if (_end - _start < LocalChannel.LengthBytes)
        {
            return 0;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(_start));
        return length <= frameBytesMax
            ? LocalChannel.LengthBytes + (int)length
            : throw new InvalidDataException("A frame is longer than any may be.");
    }
}
