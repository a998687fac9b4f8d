namespace Kopis.Posix;

/// <summary>Calls of <see cref="IFileSystem"/> for paths that are text.</summary>
public static class FileSystemPaths
{
    private const int OwnerOnly = 0x180; // 0600

    /// <summary>Opens a file.</summary>
    public static int Open(
        this IFileSystem files, string path, OpenFlags flags, int mode = OwnerOnly)
    {
        int fd = files.TryOpen(Fd.PathBytes(path), flags, mode, out int errno);
        return fd >= 0 ? fd : throw new PosixException($"open {path}", errno);
    }

    /// <summary>Removes a name. False if there was none.</summary>
    public static bool Unlink(this IFileSystem files, string path)
    {
        if (files.TryUnlink(Fd.PathBytes(path), out int errno))
        {
            return true;
        }

        return errno == Errno.NoEntry ? false : throw new PosixException($"unlink {path}", errno);
    }

    /// <summary>Renames a file, replacing the target.</summary>
    public static void Rename(this IFileSystem files, string from, string to) =>
        files.Rename(Fd.PathBytes(from), Fd.PathBytes(to));

    /// <summary>Makes a directory's entries durable.</summary>
    public static void SyncDirectory(this IFileSystem files, string path) =>
        files.SyncDirectory(Fd.PathBytes(path));
}
