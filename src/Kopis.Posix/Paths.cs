using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Calls on path names that .NET lacks or hides too much of.</summary>
public static unsafe class Paths
{
    /// <summary>A second name for a file. False if the name is taken.</summary>
    public static bool TryLink(string existing, string name)
    {
        fixed (byte* from = Fd.PathBytes(existing), to = Fd.PathBytes(name))
        {
            if (Native.link(from, to) == 0)
            {
                return true;
            }
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.Exists
            ? false
            : throw new PosixException($"link {existing} to {name}", errno);
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
    public static bool TryMakeDirectory(string path, int mode)
    {
        fixed (byte* p = Fd.PathBytes(path))
        {
            if (Native.mkdir(p, (uint)mode) == 0)
            {
                return true;
            }
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.Exists ? false : throw new PosixException($"mkdir {path}", errno);
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

    /// <summary>Bytes that an unprivileged process may still write where the path lies.</summary>
    public static long FreeBytes(string path)
    {
        Native.StatvfsBuffer buffer;
        fixed (byte* p = Fd.PathBytes(path))
        {
            Fd.Check(Native.statvfs(p, &buffer), $"statvfs {path}");
        }

        return (long)(buffer.BlocksAvailable * buffer.FragmentSize);
    }
}
