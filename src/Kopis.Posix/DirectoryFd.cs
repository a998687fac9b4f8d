using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>An open directory and the names below it. A name means the same file whatever happens
/// to the path. One process can use many of these at once, whereas chdir(2) has one directory for
/// all. Names are bytes that end in NUL and may contain slashes.</summary>
public sealed unsafe class DirectoryFd : IDisposable
{
    private const int OpenPath = 0x200000; // O_PATH: as chdir(2), it needs no right to list.
    private const int CurrentDirectory = -100;
    private const int EntryBufferBytes = 32 * 1024;
    private const int EntryHeaderBytes = 19; // linux_dirent64: u64, s64, u16 length, u8, name.
    private const uint StatxBasic = 0x7FF;
    private const int SymlinkNoFollow = 0x100; // AT_SYMLINK_NOFOLLOW

    private readonly int _fd;

    private DirectoryFd(int fd) => _fd = fd;

    /// <summary>Receives each name; the span contains no NUL.</summary>
    public delegate void OnName(ReadOnlySpan<byte> name);

    /// <summary>Opens a directory. Null and the error if that fails.</summary>
    public static DirectoryFd? TryOpen(ReadOnlySpan<byte> path, out int errno)
    {
        if (path.Length <= 1)
        {
            errno = Errno.NoEntry; // An empty path does not mean the root.
            return null;
        }

        // The final dot makes the kernel refuse anything but a directory. O_DIRECTORY is not used
        // because its value differs between architectures.
        byte[] inside = [.. path[..^1], .. "/.\0"u8];
        int fd = TryOpenAt(CurrentDirectory, inside, (OpenFlags)OpenPath, out errno);
        return fd >= 0 ? new DirectoryFd(fd) : null;
    }

    /// <summary>Opens a file to read; minus one and the error if that fails. A FIFO does not block
    /// it.</summary>
    public int TryOpenFile(ReadOnlySpan<byte> name, out int errno) =>
        TryOpenAt(_fd, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out errno);

    /// <summary>The same, but a symbolic link is error 40.</summary>
    public int TryOpenNoLink(ReadOnlySpan<byte> name, out int errno) => TryOpenAt(
        _fd, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking | Fd.NoFollow, out errno);

    /// <summary>Opens an existing file to append to it; minus one if that fails.</summary>
    public int TryOpenToAppend(ReadOnlySpan<byte> name) => TryOpenAt(
        _fd, name, OpenFlags.WriteOnly | OpenFlags.Append | OpenFlags.NonBlocking, out _);

    /// <summary>The status of a file; null if there is none.</summary>
    public FileStatus? TryStatus(ReadOnlySpan<byte> name, bool followLinks = true)
    {
        Fd.RequireTerminated(name);
        Native.StatxBuffer buffer;
        fixed (byte* p = name)
        {
            return Native.statx(
                _fd, p, followLinks ? 0 : SymlinkNoFollow, StatxBasic, &buffer) == 0
                ? Fd.ToStatus(buffer)
                : null;
        }
    }

    /// <summary>Removes a name. False and the error if that fails.</summary>
    public bool TryUnlink(ReadOnlySpan<byte> name, out int errno)
    {
        Fd.RequireTerminated(name);
        fixed (byte* p = name)
        {
            bool removed = Native.unlinkat(_fd, p, 0) == 0;
            errno = removed ? 0 : Marshal.GetLastPInvokeError();
            return removed;
        }
    }

    /// <summary>Renames a file, replacing the target. False if that fails.</summary>
    public bool TryRename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Fd.RequireTerminated(from);
        Fd.RequireTerminated(to);
        fixed (byte* f = from, t = to)
        {
            return Native.renameat(_fd, f, _fd, t) == 0;
        }
    }

    /// <summary>Calls a method for each name in a subdirectory, in no order.</summary>
    /// <returns>False if it cannot be read.</returns>
    public bool TryList(ReadOnlySpan<byte> name, OnName onName)
    {
        int fd = TryOpenAt(
            _fd, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out _);
        if (fd < 0)
        {
            return false;
        }

        return TryListAndClose(fd, onName);
    }

    internal static bool TryListAndClose(int fd, OnName onName)
    {
        try
        {
            byte[] buffer = new byte[EntryBufferBytes];
            nint got;
            fixed (byte* p = buffer)
            {
                while ((got = Native.getdents64(fd, p, (nuint)buffer.Length)) > 0)
                {
                    ReadEntries(buffer.AsSpan(0, (int)got), onName);
                }
            }

            return got == 0;
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>Closes the directory.</summary>
    public void Dispose() => Fd.Close(_fd);

    private static void ReadEntries(ReadOnlySpan<byte> entries, OnName onName)
    {
        while (!entries.IsEmpty)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(entries[16..]);
            ReadOnlySpan<byte> name = entries[EntryHeaderBytes..length];
            onName(name[..name.IndexOf((byte)0)]);
            entries = entries[length..];
        }
    }

    internal static int TryOpenAt(
        int directory, ReadOnlySpan<byte> name, OpenFlags flags, out int errno)
    {
        Fd.RequireTerminated(name);
        while (true)
        {
            int fd;
            fixed (byte* p = name)
            {
                fd = Native.openat(directory, p, (int)(flags | OpenFlags.CloseOnExec), 0);
            }

            errno = fd >= 0 ? 0 : Marshal.GetLastPInvokeError();
            if (errno != Errno.Interrupted)
            {
                return fd;
            }
        }
    }
}
