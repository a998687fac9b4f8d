using System.Buffers;
using Kopis.Posix;

namespace Kopis.Tools.Journal;

/// <summary>A file of the journal, for reading: its lines and their places. Its owner may have put
/// anything there, so it must be a regular file, and no more is read than a file may have.
/// </summary>
internal sealed class JournalFile : IDisposable
{
    private const int BlockBytes = 256 * 1024;
    private const int StampBytesMax = 256;

    private readonly int _fd;

    private JournalFile(int fd, long size) => (_fd, Size) = (fd, size);

    /// <summary>Gets a line without its end, and its place.</summary>
    internal delegate void OnLine(ReadOnlySpan<byte> line, int place);

    /// <summary>The size when it was opened, in bytes.</summary>
    internal long Size { get; }

    /// <exception cref="IOException">It cannot be opened, or is not a regular file.</exception>
    internal static JournalFile Open(string path)
    {
        int fd = Fd.Open(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking | Fd.NoFollow);
        FileStatus status = Fd.Status(fd);
        if (!status.IsRegular)
        {
            Fd.Close(fd);
            throw new IOException($"{path}: not a file");
        }

        return new JournalFile(fd, Math.Min(status.Size, JournalStore.FileBytesMax));
    }

    /// <summary>Reads all whole lines from a place on, in order.</summary>
    /// <returns>The place after the last of them.</returns>
    internal long ForEach(long from, OnLine onLine)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            long place = from;
            while (place < Size)
            {
                int got = Fd.ReadAt(
                    _fd, block.AsSpan(0, (int)Math.Min(BlockBytes, Size - place)), place);
                ReadOnlySpan<byte> rest = block.AsSpan(0, got);
                int end;
                while ((end = rest.IndexOf((byte)'\n')) >= 0)
                {
                    onLine(rest[..end], (int)place);
                    rest = rest[(end + 1)..];
                    place += end + 1;
                }

                if (rest.Length == got)
                {
                    return place; // A block without a line end: the rest is foreign.
                }
            }

            return place;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>The line at a place, without its end; empty if there is none.</summary>
    internal byte[] LineAt(int place)
    {
        byte[] block = new byte[RecordCheck.BytesMax + StampBytesMax];
        ReadOnlySpan<byte> got = block.AsSpan(0, Fd.ReadAt(_fd, block, place));
        int end = got.IndexOf((byte)'\n');
        return end < 0 ? [] : got[..end].ToArray();
    }

    public void Dispose() => Fd.Close(_fd);
}
