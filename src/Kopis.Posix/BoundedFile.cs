namespace Kopis.Posix;

/// <summary>Reads whole small files that somebody else may have replaced. Opening one never waits
/// (for a FIFO, or for a lease of its owner). What is not a regular file is refused, which is
/// checked on the descriptor. No more is read than the caller's limit.</summary>
public static class BoundedFile
{
    private const int FirstReadBytes = 4096;
    private const long HoleBytesMax = 1 << 20; // Besides as many as of data.
    private const int SeekData = 3;
    private const int SeekHole = 4;

    /// <summary>Reads a file by its path. Links are followed; root follows only links that are
    /// root's (<see cref="RootsLinks"/>).</summary>
    /// <param name="path">The file, as text.</param>
    /// <param name="bytesMax">The limit; a larger file is <see cref="Errno.FileTooLarge"/>.</param>
    /// <param name="errno">Why there is no content: the error of open(2), or as for
    /// <see cref="TryTake"/>.</param>
    public static byte[]? TryRead(string path, int bytesMax, out int errno) =>
        TryTake(RootsLinks.TryOpen(path, out errno), bytesMax, ref errno);

    /// <summary>As above; throws if there is no content.</summary>
    /// <exception cref="PosixException">The file cannot be read.</exception>
    public static byte[] Read(string path, int bytesMax) =>
        TryRead(path, bytesMax, out int errno) ?? throw new PosixException($"read {path}", errno);

    /// <summary>The lines of a text file; none if there is no such file.</summary>
    /// <exception cref="PosixException">The file exists and cannot be read.</exception>
    public static string[] Lines(string path, int bytesMax) =>
        TryRead(path, bytesMax, out int errno) is { } content
            ? System.Text.Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.None)
            : errno == Errno.NoEntry ? []
            : throw new PosixException($"read {path}", errno);

    /// <summary>Whether most of a file is a hole, which takes no room on the disk: its author could
    /// have given it any length. Ranges that the file system compresses are not holes.</summary>
    public static bool IsMostlyHole(int fd, long size)
    {
        if (size <= HoleBytesMax)
        {
            return false;
        }

        long data = 0;
        long at = 0;
        long start;
        while (at < size && (start = Native.lseek(fd, at, SeekData)) >= 0 && start < size)
        {
            long end = Native.lseek(fd, start, SeekHole);
            at = end > start ? Math.Min(end, size) : size;
            data += at - start;
        }

        return size - data > data + HoleBytesMax;
    }

    /// <summary>Reads an open file from its start, and closes it.</summary>
    /// <param name="fd">A descriptor. For minus one the error stays unchanged.</param>
    /// <param name="bytesMax">The limit, as above.</param>
    /// <param name="errno">ENXIO if it is not a regular file, EISDIR for a directory, EPERM for
    /// another owner's, EFBIG if it is too large, or the error of read(2).</param>
    /// <param name="owner">The owner that the file must have; null for any.</param>
    public static byte[]? TryTake(int fd, int bytesMax, ref int errno, uint? owner = null)
    {
        if (fd < 0)
        {
            return null;
        }

        try
        {
            FileStatus status = Fd.Status(fd);
            errno = status.IsDirectory ? Errno.IsDirectory
                : !status.IsRegular ? Errno.NoDeviceOrAddress
                : owner is { } uid && status.Uid != uid ? Errno.NotPermitted
                : status.Size > bytesMax ? Errno.FileTooLarge
                : 0;
            return errno == 0 ? ReadAll(fd, status.Size, bytesMax, ref errno) : null;
        }
        catch (PosixException e)
        {
            errno = e.Number;
            return null;
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    // A file may grow while it is read, and files of /proc have no size, so this reads to the end.
    private static byte[]? ReadAll(int fd, long size, int bytesMax, ref int errno)
    {
        byte[] content = new byte[size > 0 ? size + 1 : FirstReadBytes];
        int length = 0;
        int got;
        while ((got = Fd.ReadAt(fd, content.AsSpan(length), length)) > 0)
        {
            length += got;
            if (length > bytesMax)
            {
                errno = Errno.FileTooLarge;
                return null;
            }

            if (length < content.Length)
            {
                break; // ReadAt stops early only at the end.
            }

            Array.Resize(ref content, (int)Math.Min(2L * content.Length, bytesMax + 1L));
        }

        return content.Length == length ? content : content[..length];
    }
}
