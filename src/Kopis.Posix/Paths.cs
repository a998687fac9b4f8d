using System.Runtime.InteropServices;
using System.Text;

namespace Kopis.Posix;

/// <summary>Calls on path names that .NET lacks, or of which it hides too much.</summary>
public static unsafe class Paths
{
    /// <summary>Makes a second name for a file; both paths are bytes that end in NUL.</summary>
    public static void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name)
    {
        Fd.RequireTerminated(existing);
        Fd.RequireTerminated(name);
        fixed (byte* from = existing, to = name)
        {
            Fd.Check(Native.link(from, to), "link");
        }
    }

    /// <summary>Removes a name, given as bytes that end in NUL. False if that fails.</summary>
    public static bool TryUnlink(ReadOnlySpan<byte> path) => TryUnlink(path, out _);

    /// <summary>As above, with the error.</summary>
    public static bool TryUnlink(ReadOnlySpan<byte> path, out int errno)
    {
        Fd.RequireTerminated(path);
        fixed (byte* p = path)
        {
            errno = Native.unlink(p) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }

        return errno == 0;
    }

    /// <summary>Removes a name. False if there was none.</summary>
    public static bool Unlink(string path)
    {
        fixed (byte* p = Fd.PathBytes(path))
        {
            if (Native.unlink(p) == 0)
            {
                return true;
            }
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.NoEntry ? false : throw new PosixException($"unlink {path}", errno);
    }

    /// <summary>Renames a file, replacing the target.</summary>
    public static void Rename(string from, string to)
    {
        fixed (byte* f = Fd.PathBytes(from), t = Fd.PathBytes(to))
        {
            Fd.Check(Native.rename(f, t), $"rename {from} to {to}");
        }
    }

    /// <summary>As above; both paths are bytes that end in NUL.</summary>
    public static void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Fd.RequireTerminated(from);
        Fd.RequireTerminated(to);
        fixed (byte* f = from, t = to)
        {
            Fd.Check(Native.rename(f, t), $"rename {Text(from)} to {Text(to)}");
        }
    }

    /// <summary>Writes a new file and syncs it. Its name is durable once its directory is synced.
    /// </summary>
    /// <exception cref="PosixException">The name is taken, or the file cannot be written.
    /// </exception>
    public static void WriteNew(string path, ReadOnlySpan<byte> content, int mode)
    {
        int fd = Fd.Open(
            path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, mode);
        try
        {
            Fd.WriteAll(fd, content);
            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>Writes a file as <see cref="WriteNew"/> does, but under a temporary name first, so
    /// that it appears with its whole content or not at all. A temporary file that an interrupted
    /// run left is removed.</summary>
    /// <exception cref="PosixException">It cannot be written.</exception>
    public static void Replace(
        string path, string temporary, ReadOnlySpan<byte> content, int mode)
    {
        Unlink(temporary);
        WriteNew(temporary, content, mode);
        Rename(temporary, path);
    }

    /// <summary>Makes a named pipe. False if the name is taken.</summary>
    public static bool TryMakeFifo(string path, int mode)
    {
        fixed (byte* p = Fd.PathBytes(path))
        {
            if (Native.mkfifo(p, (uint)mode) == 0)
            {
                return true;
            }
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.Exists ? false : throw new PosixException($"mkfifo {path}", errno);
    }

    /// <summary>Makes a directory. False if the name is taken.</summary>
    public static bool TryMakeDirectory(string path, int mode) =>
        TryMakeDirectory(Fd.PathBytes(path), mode);

    /// <summary>As above, by a path of bytes that end in NUL.</summary>
    public static bool TryMakeDirectory(ReadOnlySpan<byte> path, int mode)
    {
        Fd.RequireTerminated(path);
        fixed (byte* p = path)
        {
            if (Native.mkdir(p, (uint)mode) == 0)
            {
                return true;
            }
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.Exists
            ? false
            : throw new PosixException($"mkdir {Text(path)}", errno);
    }

    /// <summary>Sets the permission bits, whatever the umask.</summary>
    public static void ChangeMode(string path, int mode)
    {
        fixed (byte* p = Fd.PathBytes(path))
        {
            Fd.Check(Native.chmod(p, (uint)mode), $"chmod {path}");
        }
    }

    /// <summary>Sets the owner and the group.</summary>
    public static void ChangeOwner(string path, uint uid, uint gid)
    {
        fixed (byte* p = Fd.PathBytes(path))
        {
            Fd.Check(Native.chown(p, uid, gid), $"chown {path}");
        }
    }

    /// <summary>The working directory of this process.</summary>
    public static void ChangeDirectory(string path)
    {
        fixed (byte* p = Fd.PathBytes(path))
        {
            Fd.Check(Native.chdir(p), $"chdir {path}");
        }
    }

    /// <summary>The paths of the entries of a directory, ordered by name.</summary>
    /// <exception cref="PosixException">The directory cannot be read.</exception>
    public static string[] Entries(string directory) =>
        List(directory, () => Directory.GetFileSystemEntries(directory));

    /// <summary>The paths of its files only, whose names match a pattern of <c>*</c> and <c>?</c>.
    /// </summary>
    /// <exception cref="PosixException">The directory cannot be read.</exception>
    public static string[] Files(string directory, string pattern = "*") =>
        List(directory, () => Directory.GetFiles(directory, pattern));

    /// <summary>How many bytes an unprivileged process may still write on the path's file system.
    /// </summary>
    public static long FreeBytes(string path)
    {
        Native.StatvfsBuffer buffer = Statvfs(path);
        return (long)(buffer.BlocksAvailable * buffer.FragmentSize);
    }

    /// <summary>How many files such a process may still create there; -1 if the file system has no
    /// limit.</summary>
    public static long FreeFiles(string path)
    {
        Native.StatvfsBuffer buffer = Statvfs(path);
        return buffer.Files == 0 ? -1 : (long)buffer.FilesAvailable;
    }

    // Scripts and people do not know the runtime's own words for an error of the kernel.
    private static string[] List(string directory, Func<string[]> list)
    {
        try
        {
            string[] paths = list();
            Array.Sort(paths, string.CompareOrdinal);
            return paths;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PosixException($"read {directory}", e switch
            {
                UnauthorizedAccessException => Errno.Access,
                DirectoryNotFoundException => Errno.NoEntry,
                _ => Errno.InputOutput,
            });
        }
    }

    private static Native.StatvfsBuffer Statvfs(string path)
    {
        Native.StatvfsBuffer buffer;
        fixed (byte* p = Fd.PathBytes(path))
        {
            Fd.Check(Native.statvfs(p, &buffer), $"statvfs {path}");
        }

        return buffer;
    }

    private static string Text(ReadOnlySpan<byte> terminated) =>
        Encoding.UTF8.GetString(terminated[..^1]);
}
