using System.Runtime.InteropServices;
using System.Text;

namespace Kopis.Posix;

/// <summary>Calls on path names that .NET lacks or hides too much of.</summary>
public static unsafe class Paths
{
    /// <summary>A second name for a file; both paths are bytes that end in NUL.</summary>
    public static void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name)
    {
        Fd.RequireTerminated(existing);
        Fd.RequireTerminated(name);
        fixed (byte* from = existing, to = name)
        {
            Fd.Check(Native.link(from, to), "link");
        }
    }

    /// <summary>Removes a name, bytes that end in NUL. False if that fails.</summary>
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

    /// <summary>Renames, replacing what had the name.</summary>
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

    /// <summary>Writes a file that is not there, and syncs it. Its name is durable when its
    /// directory is synced.</summary>
    /// <exception cref="PosixException">Something has the name, or it cannot be written.
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

    /// <summary>Writes a file as <see cref="WriteNew"/> does, under a temporary name first: it
    /// appears whole, or not at all. What a run that was cut short has left there goes.</summary>
    /// <exception cref="PosixException">It cannot be written.</exception>
    public static void Replace(
        string path, string temporary, ReadOnlySpan<byte> content, int mode)
    {
        Unlink(temporary);
        WriteNew(temporary, content, mode);
        Rename(temporary, path);
    }

    /// <summary>A named pipe. False if the name is taken.</summary>
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

    /// <summary>A directory. False if the name is taken.</summary>
    public static bool TryMakeDirectory(string path, int mode) =>
        TryMakeDirectory(Fd.PathBytes(path), mode);

    /// <summary>As above, by bytes that end in NUL.</summary>
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

    /// <summary>Permission bits, whatever the umask.</summary>
    public static void ChangeMode(string path, int mode)
    {
        fixed (byte* p = Fd.PathBytes(path))
        {
            Fd.Check(Native.chmod(p, (uint)mode), $"chmod {path}");
        }
    }

    /// <summary>Owner and group.</summary>
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

    /// <summary>The paths of what is in a directory, in the order of their names.</summary>
    /// <exception cref="PosixException">It cannot be read.</exception>
    public static string[] Entries(string directory) =>
        List(directory, () => Directory.GetFileSystemEntries(directory));

    /// <summary>Those of its files alone, whose names match a pattern of <c>*</c> and <c>?</c>.
    /// </summary>
    /// <exception cref="PosixException">It cannot be read.</exception>
    public static string[] Files(string directory, string pattern = "*") =>
        List(directory, () => Directory.GetFiles(directory, pattern));

    /// <summary>Bytes that an unprivileged process may still write where the path lies.</summary>
    public static long FreeBytes(string path)
    {
        Native.StatvfsBuffer buffer = Statvfs(path);
        return (long)(buffer.BlocksAvailable * buffer.FragmentSize);
    }

    /// <summary>Files that such a process may still make there; -1 where the file system has no
    /// such bound.</summary>
    public static long FreeFiles(string path)
    {
        Native.StatvfsBuffer buffer = Statvfs(path);
        return buffer.Files == 0 ? -1 : (long)buffer.FilesAvailable;
    }

    // The runtime's own words for what the kernel said are none that scripts and people look for.
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
