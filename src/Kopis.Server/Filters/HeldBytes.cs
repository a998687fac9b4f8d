using System.Buffers;
using Kopis.Posix;

namespace Kopis.Server.Filters;

/// <summary>Bytes of a message that waits: in memory while they are few and there is room, else in
/// a file without a name. Disposing drops them.</summary>
internal sealed class HeldBytes(HeldRoom room) : IDisposable
{
    /// <summary>The most bytes of one message in memory.</summary>
    internal const int InMemoryBytesMax = 256 * 1024;

    // How much space must stay free on the file's disk: as QueueLimits.FreeBytesMin.
    private const long FreeBytesMin = 64 * 1024 * 1024;

    private ArrayBufferWriter<byte> _memory = new();
    private int _taken; // Of the room.
    private int _file = -1;
    private long _fileBytes;

    /// <summary>How many bytes there are.</summary>
    internal long Length => _fileBytes + _memory.WrittenCount;

    /// <summary>Adds bytes.</summary>
    /// <exception cref="PosixException">The disk is full, or the file cannot be made.</exception>
    internal async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        bool hasRoom = _file < 0 && _memory.WrittenCount + bytes.Length <= InMemoryBytesMax
            && room.TryTake(bytes.Length);
        _taken += hasRoom ? bytes.Length : 0;
        if (!hasRoom && bytes.Length > 0)
        {
            await Task.Run(() => WriteFile(bytes.Span), CancellationToken.None);
            return;
        }

        _memory.Write(bytes.Span);
    }

    /// <summary>Reads at a position until the span is full or the bytes end.</summary>
    internal async ValueTask<int> ReadAsync(long offset, Memory<byte> to)
    {
        if (_file >= 0)
        {
            return await Task.Run(() => Fd.ReadAt(_file, to.Span, offset), CancellationToken.None);
        }

        ReadOnlyMemory<byte> rest =
            _memory.WrittenMemory[(int)Math.Min(offset, _memory.WrittenCount)..];
        rest = rest[..Math.Min(rest.Length, to.Length)];
        rest.CopyTo(to);
        return rest.Length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Fd.Close(_file);
        _file = -1;
        Forget();
    }

    private void WriteFile(ReadOnlySpan<byte> bytes)
    {
        if (Paths.FreeBytes(Path.GetTempPath()) < FreeBytesMin + bytes.Length)
        {
            throw new PosixException("hold a message", Errno.NoSpace);
        }

        if (_file < 0)
        {
            _file = UnnamedFile.OnDisk();
            Fd.WriteAll(_file, _memory.WrittenSpan);
            _fileBytes = _memory.WrittenCount;
            Forget();
        }

        Fd.WriteAll(_file, bytes);
        _fileBytes += bytes.Length;
    }

    private void Forget()
    {
        room.Return(_taken);
        _taken = 0;
        _memory = new ArrayBufferWriter<byte>();
    }
}
