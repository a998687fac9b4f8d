using Kopis.Posix;

namespace Kopis.Local;

/// <summary>A message to deliver: bytes in memory, or an open file that holds it alone.</summary>
internal sealed class LocalMessage : IDisposable
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private int _fd;

    private LocalMessage(ReadOnlyMemory<byte> bytes, int fd, long length)
    {
        _bytes = bytes;
        _fd = fd;
        Length = length;
    }

    /// <summary>Bytes in all.</summary>
    internal long Length { get; }

    internal static LocalMessage InMemory(ReadOnlyMemory<byte> bytes) =>
        new(bytes, -1, bytes.Length);

    /// <summary>A seekable file; closed with this object.</summary>
    internal static LocalMessage OfFile(int fd) => new(default, fd, Fd.Status(fd).Size);

    /// <summary>Reads from a place; fewer only at the end.</summary>
    internal int Read(long offset, Span<byte> to)
    {
        if (_fd >= 0)
        {
            return Fd.ReadAt(_fd, to, offset);
        }

        ReadOnlySpan<byte> rest = _bytes.Span[(int)Math.Min(offset, _bytes.Length)..];
        int length = Math.Min(rest.Length, to.Length);
        rest[..length].CopyTo(to);
        return length;
    }

    /// <summary>A descriptor at the message's start for a program; the caller closes it.</summary>
    internal int OpenForProgram()
    {
        if (_fd >= 0)
        {
            // A descriptor of its own: programs share and move its position.
            return Fd.Open($"/proc/self/fd/{_fd}", OpenFlags.ReadOnly);
        }

        int fd = Fd.MemoryFile("message");
        Fd.WriteAll(fd, _bytes.Span);
        Fd.Seek(fd, 0);
        return fd;
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            Fd.Close(_fd);
            _fd = -1;
        }
    }
}
