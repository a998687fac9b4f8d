using System.Runtime.InteropServices;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>The files below one directory, opened without following links. Root uses it in
/// directories of other users: whatever they put there, nothing outside of the tree is touched. A
/// name is a relative path; the empty name is the directory itself.</summary>
public sealed unsafe class Beneath : IDisposable
{
    private const int OpenPath = 0x200000; // O_PATH
    private const nint OpenAt2 = 437; // The same on every architecture since Linux 5.6.
    private const ulong NoSymbolicLinks = 0x04 | 0x08; // RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const int RemoveDirectoryFlag = 0x200; // AT_REMOVEDIR

    private readonly int _root;

    /// <summary>Opens the directory.</summary>
    /// <exception cref="PosixException">It does not exist, or is not a directory.</exception>
    public Beneath(string directory) =>
        _root = Fd.Open(directory + "/.", (OpenFlags)OpenPath);

    /// <summary>The same, for a path that may not be text.</summary>
    /// <exception cref="PosixException">It does not exist, or is not a directory.</exception>
    public Beneath(ReadOnlySpan<byte> directory)
    {
        _root = Fd.TryOpen([.. directory, .. "/.\0"u8], (OpenFlags)OpenPath, out int errno);
        if (_root < 0)
        {
            throw new PosixException("open a directory", errno);
        }
    }

    /// <summary>Opens a directory below another, without following links.</summary>
    /// <exception cref="PosixException">It does not exist, or is not a directory. A link is
    /// error 40.</exception>
    public static Beneath Open(ReadOnlySpan<byte> above, ReadOnlySpan<byte> relative)
    {
        using Beneath tree = new(above);
        int fd = tree.TryOpen([.. relative, .. "/.\0"u8], (OpenFlags)OpenPath, out int errno);
        return fd >= 0 ? new Beneath(fd) : throw new PosixException("open a directory", errno);
    }

    private Beneath(int root) => _root = root;

    /// <summary>Opens a directory that is ours, that nobody else may write to, and to which no link
    /// leads. Null if it has another owner, or is not a directory.</summary>
    /// <exception cref="PosixException">It does not exist, or cannot be opened.</exception>
    public static Beneath? TryOpenOwn(string directory)
    {
        const int writableByOthers = 0x12; // 0022
        int fd = Fd.Open(directory, (OpenFlags)OpenPath | Fd.NoFollow);
        FileStatus status = Fd.Status(fd);
        if (status.IsDirectory && status.Uid == Processes.EffectiveUid
            && (status.Mode & writableByOthers) == 0)
        {
            return new Beneath(fd);
        }

        Fd.Close(fd);
        return null;
    }

    /// <summary>Opens a file. If that fails, returns minus one and the error.</summary>
    public int TryOpen(string name, OpenFlags flags, out int errno, int mode = 0) =>
        TryOpen(Fd.PathBytes(name.Length == 0 ? "." : name), flags, out errno, mode);

    /// <summary>The same, for a name that may not be text and ends in NUL.</summary>
    public int TryOpen(ReadOnlySpan<byte> name, OpenFlags flags, out int errno, int mode = 0)
    {
        Fd.RequireTerminated(name);
        Native.OpenHow how = new()
        {
            Flags = (ulong)(flags | OpenFlags.CloseOnExec),
            Mode = (ulong)mode,
            Resolve = NoSymbolicLinks,
        };
        fixed (byte* path = name)
        {
            nint fd = Native.syscall4(
                OpenAt2, _root, (nint)path, (nint)(&how), sizeof(Native.OpenHow));
            errno = fd >= 0 ? 0 : Marshal.GetLastPInvokeError();
            return (int)fd;
        }
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="PosixException">That fails; a link is error 40.</exception>
    public int Open(string name, OpenFlags flags, int mode = 0)
    {
        int fd = TryOpen(name, flags, out int errno, mode);
        return fd >= 0 ? fd : throw new PosixException($"open {Shown(name)}", errno);
    }

    /// <summary>The whole content of a regular file of limited size. Null and the error if it
    /// cannot be read (<see cref="BoundedFile.TryTake"/>; a link is error 40).</summary>
    public byte[]? TryReadFile(string name, int bytesMax, out int errno, uint? owner = null) =>
        BoundedFile.TryTake(
            TryOpen(name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out errno),
            bytesMax, ref errno, owner);

    /// <summary>Writes a file durably. It appears with its whole content, or not at all.</summary>
    /// <param name="name">The file.</param>
    /// <param name="temporary">A name in the same directory, which no other writer uses.</param>
    /// <param name="content">The whole content.</param>
    /// <param name="mode">The mode of the new file, whatever the umask.</param>
    /// <exception cref="PosixException">It cannot be written.</exception>
    public void Replace(string name, string temporary, ReadOnlySpan<byte> content, int mode)
    {
        TryUnlink(temporary); // Of a run that was cut short.
        int fd = Open(
            temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, mode);
        try
        {
            Fd.WriteAll(fd, content);
            Paths.ChangeMode($"/proc/self/fd/{fd}", mode);
            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }

        Rename(temporary, name);
        SyncDirectory(Path.GetDirectoryName(name) ?? "");
    }

    /// <summary>The status of a file or directory; null if there is none.</summary>
    /// <exception cref="PosixException">Its status cannot be read, or it is a link.</exception>
    public FileStatus? TryStatus(string name) =>
        TryStatus(Fd.PathBytes(name.Length == 0 ? "." : name), out int errno)
            ?? (errno == Errno.NoEntry ? null
                : throw new PosixException($"open {Shown(name)}", errno));

    /// <summary>The same, for a name that may not be text and ends in NUL. Null and the error if
    /// the status cannot be read. A link is <see cref="Errno.Loop"/>.</summary>
    public FileStatus? TryStatus(ReadOnlySpan<byte> name, out int errno)
    {
        int fd = TryOpen(name, (OpenFlags)OpenPath, out errno);
        if (fd < 0)
        {
            return null;
        }

        FileStatus status = Fd.Status(fd);
        Fd.Close(fd);
        return status;
    }

    /// <summary>The names in a directory except <c>.</c> and <c>..</c>, in no order, as
    /// <see cref="RawText"/>. Null and the error if it cannot be read.</summary>
    public List<string>? TryList(string name, out int errno)
    {
        int fd = TryOpen(name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out errno);
        if (fd < 0)
        {
            return null;
        }

        List<string> names = [];
        bool whole = DirectoryFd.TryListAndClose(fd, found =>
        {
            if (!found.SequenceEqual("."u8) && !found.SequenceEqual(".."u8))
            {
                names.Add(RawText.Of(found));
            }
        });
        errno = whole ? 0 : Errno.NotDirectory;
        return whole ? names : null;
    }

    /// <summary>Makes the entries of a directory durable.</summary>
    public void SyncDirectory(string name)
    {
        int fd = Open(name, OpenFlags.ReadOnly);
        try
        {
            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>Renames a file, replacing the target.</summary>
    public void Rename(string from, string to) => InParent(from, "rename", (parent, last) =>
        TryInParent(to, (newParent, newLast) =>
            Native.renameat(parent, (byte*)last, newParent, (byte*)newLast)));

    /// <summary>Makes a second name for a file. A link itself gets one; it is not followed.
    /// </summary>
    public void Link(string from, string to) => InParent(from, "link", (parent, last) =>
        TryInParent(to, (newParent, newLast) =>
            Native.linkat(parent, (byte*)last, newParent, (byte*)newLast, 0)));

    /// <summary>Makes a symbolic link.</summary>
    public void MakeLink(string name, string target)
    {
        byte[] to = Fd.PathBytes(target);
        InParent(name, "symlink", (parent, last) =>
        {
            fixed (byte* text = to)
            {
                return Native.symlinkat(text, parent, (byte*)last);
            }
        });
    }

    /// <summary>Makes a directory.</summary>
    public void MakeDirectory(string name, int mode) => InParent(name, "mkdir",
        (parent, last) => Native.mkdirat(parent, (byte*)last, (uint)mode));

    /// <summary>Makes a named pipe.</summary>
    public void MakeFifo(string name, int mode) => InParent(name, "mkfifo",
        (parent, last) => Native.mkfifoat(parent, (byte*)last, (uint)mode));

    /// <summary>Removes an empty directory. False if it is not empty, or not there.</summary>
    public bool TryRemoveDirectory(string name) => TryInParent(name,
        (parent, last) => Native.unlinkat(parent, (byte*)last, RemoveDirectoryFlag)) == 0;

    /// <summary>Removes a file. False if there is none.</summary>
    public bool TryUnlink(string name) => TryInParent(name,
        (parent, last) => Native.unlinkat(parent, (byte*)last, 0)) == 0;

    /// <summary>Sets the owner and the group, and then the permission bits, some of which the
    /// kernel may have cleared with the change of owner.</summary>
    public void SetOwnerAndMode(string name, uint uid, uint gid, int mode)
    {
        int fd = Open(name, (OpenFlags)OpenPath);
        try
        {
            byte empty = 0;
            Fd.Check(Native.fchownat(fd, &empty, uid, gid, EmptyPath), $"chown {Shown(name)}");
            Paths.ChangeMode($"/proc/self/fd/{fd}", mode); // fchmod(2) has no O_PATH.
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>The permission bits, whatever the umask.</summary>
    public void SetMode(string name, int mode)
    {
        int fd = Open(name, (OpenFlags)OpenPath);
        try
        {
            Paths.ChangeMode($"/proc/self/fd/{fd}", mode);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Fd.Close(_root);

    private static string Shown(string name) => LogText.Safe(RawText.ToBytes(name));

    private void InParent(string name, string what, Func<int, nint, int> call)
    {
        int errno = TryInParent(name, call);
        if (errno != 0)
        {
            throw new PosixException($"{what} {Shown(name)}", errno);
        }
    }

    /// <summary>Returns the error, or 0.</summary>
    private int TryInParent(string name, Func<int, nint, int> call)
    {
        int parent = TryOpen(
            Path.GetDirectoryName(name) ?? "", (OpenFlags)OpenPath, out int errno);
        if (parent < 0)
        {
            return errno;
        }

        try
        {
            fixed (byte* last = Fd.PathBytes(Path.GetFileName(name)))
            {
                int result = call(parent, (nint)last); // Or the error of a call within.
                return result < 0 ? Marshal.GetLastPInvokeError() : result;
            }
        }
        finally
        {
            Fd.Close(parent);
        }
    }
}
