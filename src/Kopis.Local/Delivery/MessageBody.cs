using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>
/// The message to be delivered, queue's trace line first: in memory, or in a seekable file that
/// holds nothing else. Read by place, so that several readers do not disturb one another.
/// </summary>
public sealed class MessageBody : IDisposable
{
    /// <summary>The size of blocks in which a message is copied.</summary>
    public const int BlockBytes = 64 * 1024;

    private readonly ReadOnlyMemory<byte> _memory;
    private readonly bool _inMemory;
    private int _fd;

    private MessageBody(ReadOnlyMemory<byte> memory, int fd, bool inMemory) =>
        (_memory, _fd, _inMemory) = (memory, fd, inMemory);

    /// <summary>A message in memory.</summary>
    public static MessageBody InMemory(ReadOnlyMemory<byte> bytes) => new(bytes, -1, true);

    /// <summary>A message in a file; closed with this object.</summary>
    public static MessageBody InFile(int fd) => new(default, fd, false);

    /// <summary>How long it is.</summary>
    /// <exception cref="UnreadableMessageException">The file cannot be asked.</exception>
    public long Length
    {
        get
        {
            try
            {
                return _inMemory ? _memory.Length : Fd.Status(_fd).Size;
            }
            catch (PosixException e)
            {
                throw new UnreadableMessageException(e);
            }
        }
    }

    /// <summary>Reads a block; empty at the end.</summary>
    /// <param name="offset">Bytes from the message's start.</param>
    /// <param name="buffer">Where to, if it is not in memory anyway.</param>
    /// <exception cref="UnreadableMessageException">The file cannot be read.</exception>
    public ReadOnlySpan<byte> Read(long offset, Span<byte> buffer)
    {
        if (_inMemory)
        {
            return _memory.Span[(int)Math.Min(offset, _memory.Length)..];
        }

        try
        {
            return buffer[..Fd.ReadAt(_fd, buffer, offset)];
        }
        catch (PosixException e)
        {
            throw new UnreadableMessageException(e);
        }
    }

    /// <summary>
    /// A descriptor of the message at its start, for one program after another; it stays this
    /// object's.
    /// </summary>
    /// <exception cref="PosixException">It cannot be rewound: a pipe, say.</exception>
    public int Rewound()
    {
        if (_fd < 0)
        {
            int fd = Fd.MemoryFile("message");
            _fd = fd;
            Fd.WriteAll(fd, _memory.Span);
        }

        Fd.Seek(_fd, 0);
        return _fd;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_fd >= 0)
        {
            Fd.Close(_fd);
            _fd = -1;
        }
    }
}
