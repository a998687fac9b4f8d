using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>The message to be delivered, with the queue's trace line first. It is in memory, or in
/// a seekable file of its own. Reads give a position, so that several readers do not disturb one
/// another.</summary>
public sealed class MessageBody : IDisposable
{
    /// <summary>The size of blocks in which a message is copied.</summary>
    public const int BlockBytes = 64 * 1024;

    private readonly ReadOnlyMemory<byte> _memory;
    private readonly bool _inMemory;
    private readonly long _start;
    private int _fd;
    private int _copy = -1;

    private MessageBody(ReadOnlyMemory<byte> memory, int fd, bool inMemory, long start = 0) =>
        (_memory, _fd, _inMemory, _start) = (memory, fd, inMemory, start);

    /// <summary>A message in memory.</summary>
    public static MessageBody InMemory(ReadOnlyMemory<byte> bytes) => new(bytes, -1, true);

    /// <summary>A message in a file, which this object closes.</summary>
    /// <param name="fd">The file.</param>
    /// <param name="start">Where in the file the message begins; zeros are before it.</param>
    public static MessageBody InFile(int fd, long start) => new(default, fd, false, start);

    /// <summary>A message that fills a whole file, which this object closes.</summary>
    public static MessageBody InFile(int fd) => InFile(fd, 0);

    /// <summary>The whole message if it is in memory, else nothing.</summary>
    internal ReadOnlySpan<byte> InMemoryBytes => _memory.Span;

    /// <summary>The length in bytes.</summary>
    /// <exception cref="UnreadableMessageException">The length of the file cannot be read.
    /// </exception>
    public long Length
    {
        get
        {
            try
            {
                return _inMemory ? _memory.Length : Fd.Status(_fd).Size - _start;
            }
            catch (PosixException e)
            {
                throw new UnreadableMessageException(e);
            }
        }
    }

    /// <summary>Reads a block; empty at the end.</summary>
    /// <param name="offset">The position, from the start of the message.</param>
    /// <param name="buffer">The buffer to read to, unless the message is in memory.</param>
    /// <exception cref="UnreadableMessageException">The file cannot be read.</exception>
    public ReadOnlySpan<byte> Read(long offset, Span<byte> buffer)
    {
        if (_inMemory)
        {
            return _memory.Span[(int)Math.Min(offset, _memory.Length)..];
        }

        try
        {
            return buffer[..Fd.ReadAt(_fd, buffer, _start + offset)];
        }
        catch (PosixException e)
        {
            throw new UnreadableMessageException(e);
        }
    }

    /// <summary>A descriptor at the start of the message, for one program after another; this
    /// object closes it.</summary>
    /// <exception cref="PosixException">It cannot be rewound: it is a pipe, for example.
    /// </exception>
    public int Rewound()
    {
        if (_fd < 0)
        {
            int fd = UnnamedFile.InMemory("message");
            _fd = fd;
            Fd.WriteAll(fd, _memory.Span);
        }

        // A program may rewind to the first byte of the file.
        _copy = _start > 0 && _copy < 0 ? Copy() : _copy;
        int file = _copy >= 0 ? _copy : _fd;
        Fd.Seek(file, 0);
        return file;
    }

    private int Copy()
    {
        int fd = UnnamedFile.OnDisk();
        byte[] block = new byte[BlockBytes];
        int got;
        for (long done = 0; (got = Fd.ReadAt(_fd, block, _start + done)) > 0; done += got)
        {
            Fd.WriteAll(fd, block.AsSpan(0, got));
        }

        return fd;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_copy >= 0)
        {
            Fd.Close(_copy);
            _copy = -1;
        }

        if (_fd >= 0)
        {
            Fd.Close(_fd);
            _fd = -1;
        }
    }
}
