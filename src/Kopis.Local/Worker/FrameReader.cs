using System.Buffers.Binary;

namespace Kopis.Local.Worker;

/// <summary>Cuts a stream into frames; holds no more than one frame and a block.</summary>
/// <param name="frameBytesMax">The longest frame that may be announced.</param>
internal sealed class FrameReader(int frameBytesMax)
{
    private const int BlockBytes = 16 * 1024;

    private byte[] _bytes = new byte[BlockBytes];
    private int _start;
    private int _end;

    /// <summary>Where the next bytes go; then tell <see cref="Advance"/> how many.</summary>
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

    /// <summary>So many bytes have come.</summary>
    internal void Advance(int count) => _end += count;

    /// <summary>The next whole frame without its length, a copy; null: read on.</summary>
    /// <exception cref="InvalidDataException">One longer than allowed is announced.</exception>
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

    // With the length itself; zero while that is not whole.
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
