using System.Runtime.InteropServices;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>
/// Files by descriptor number, as qmail's interfaces name them. Every call is retried on EINTR and
/// throws <see cref="PosixException"/> on any other error unless it says otherwise. Everything
/// opened here is close-on-exec.
/// </summary>
public static unsafe class Fd
{
    private const int FirstOther = 3; // After standard input, output and error.

    private const int SeekSet = 0;
    private const int PunchHoleKeepSize = 0x03;
    private const int AtEmptyPath = 0x1000;
    private const int AtNoFollow = 0x100;
    private const int AtCurrentDirectory = -100;
    private const uint StatxBasic = 0x7FF;

    /// <summary>O_NOFOLLOW, whose value differs between architectures: arm64 has another than
    /// asm-generic.</summary>
    public static OpenFlags NoFollow { get; } =
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? (OpenFlags)0x8000 : (OpenFlags)0x20000;

    /// <summary>A path as NUL-terminated bytes; text is <see cref="RawText"/>.</summary>
    public static byte[] PathBytes(string path) => [.. RawText.ToBytes(path), 0];

    /// <summary>Opens a file; the path is text.</summary>
    public static int Open(string path, OpenFlags flags, int mode = 0x180)
    {
        int fd = TryOpen(PathBytes(path), flags, out int errno, mode);
        return fd >= 0 ? fd : throw new PosixException($"open {path}", errno);
    }

    /// <summary>Opens a file by a path of bytes that end in NUL. Minus one and the error if that
    /// fails.</summary>
    public static int TryOpen(
        ReadOnlySpan<byte> path, OpenFlags flags, out int errno, int mode = 0x180)
    {
        RequireTerminated(path);
        while (true)
        {
            int fd;
            fixed (byte* p = path)
            {
                fd = Native.open(p, (int)(flags | OpenFlags.CloseOnExec), (uint)mode);
            }

            errno = fd >= 0 ? 0 : Marshal.GetLastPInvokeError();
            if (errno != Errno.Interrupted)
            {
                return fd;
            }
        }
    }

    /// <summary>Closes; errors are ignored.</summary>
    public static void Close(int fd) => _ = Native.close(fd);

    /// <summary>Reads once. Zero is the end; minus one is EAGAIN on a non-blocking descriptor.
    /// </summary>
    public static int Read(int fd, Span<byte> to)
    {
        fixed (byte* p = to)
        {
            while (true)
            {
                nint got = Native.read(fd, p, (nuint)to.Length);
                if (got >= 0)
                {
                    return (int)got;
                }

                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.Again)
                {
                    return -1;
                }

                if (errno != Errno.Interrupted)
                {
                    throw new PosixException($"read fd {fd}", errno);
                }
            }
        }
    }

    /// <summary>Reads until the end or until the span is full, and waits if necessary; returns the
    /// bytes read.</summary>
    public static int ReadToEnd(int fd, Span<byte> to)
    {
        int length = 0;
        int got;
        while (length < to.Length && (got = Read(fd, to[length..])) != 0)
        {
            if (got < 0)
            {
                Poller.WaitReadable(fd, TimeSpan.FromSeconds(1));
            }

            length += Math.Max(0, got);
        }

        return length;
    }

    /// <summary>Writes once. Minus one is EAGAIN on a non-blocking descriptor.</summary>
    public static int Write(int fd, ReadOnlySpan<byte> from)
    {
        fixed (byte* p = from)
        {
            while (true)
            {
                nint put = Native.write(fd, p, (nuint)from.Length);
                if (put >= 0)
                {
                    return (int)put;
                }

                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.Again)
                {
                    return -1;
                }

                if (errno != Errno.Interrupted)
                {
                    throw new PosixException($"write fd {fd}", errno);
                }
            }
        }
    }

    /// <summary>Writes everything to a blocking descriptor.</summary>
    public static void WriteAll(int fd, ReadOnlySpan<byte> from)
    {
        while (!from.IsEmpty)
        {
            int put = Write(fd, from);
            if (put < 0)
            {
                Poller.WaitWritable(fd);
                continue;
            }

            from = from[put..];
        }
    }

    /// <summary>Reads from a position until the span is full or the file ends; returns the bytes
    /// read.</summary>
    public static int ReadAt(int fd, Span<byte> to, long offset)
    {
        int done = 0;
        fixed (byte* p = to)
        {
            while (done < to.Length)
            {
                nint got = Native.pread(fd, p + done, (nuint)(to.Length - done), offset + done);
                if (got == 0)
                {
                    break;
                }

                if (got < 0)
                {
                    ThrowUnlessInterrupted($"read fd {fd}");
                    continue;
                }

                done += (int)got;
            }
        }

        return done;
    }

    /// <summary>Writes everything at a position.</summary>
    public static void WriteAt(int fd, ReadOnlySpan<byte> from, long offset)
    {
        fixed (byte* p = from)
        {
            int done = 0;
            while (done < from.Length)
            {
                nint put = Native.pwrite(fd, p + done, (nuint)(from.Length - done), offset + done);
                if (put < 0)
                {
                    ThrowUnlessInterrupted($"write fd {fd}");
                    continue;
                }

                done += (int)put;
            }
        }
    }

    /// <summary>Makes content and metadata durable.</summary>
    public static void Sync(int fd) => Check(Native.fsync(fd), $"fsync fd {fd}");

    /// <summary>Makes content durable, and as much metadata as is needed to read it back.</summary>
    public static void SyncData(int fd) => Check(Native.fdatasync(fd), $"fdatasync fd {fd}");

    /// <summary>Makes durable everything written to a file system before the call. Since Linux 5.8
    /// it reports errors: those since this descriptor was opened or last reported one (syncfs(2)).
    /// </summary>
    public static void SyncFileSystem(int fd) => Check(Native.syncfs(fd), $"syncfs fd {fd}");

    /// <summary>Waits until writes of the file's content that are under way have ended, and reports
    /// errors since this descriptor was opened. It starts no writes and flushes no caches, so it is
    /// not a sync by itself.</summary>
    public static void CheckWritten(int fd)
    {
        const uint waitBefore = 1; // SYNC_FILE_RANGE_WAIT_BEFORE
        Check(Native.sync_file_range(fd, 0, 0, waitBefore), $"sync_file_range fd {fd}");
    }

    /// <summary>Makes a directory's entries durable: files created, linked or renamed in it.
    /// </summary>
    public static void SyncDirectory(string path) => SyncDirectory(PathBytes(path));

    /// <summary>Opens a directory to be synced; the path is bytes that end in NUL.</summary>
    public static int OpenDirectory(ReadOnlySpan<byte> path)
    {
        int fd = TryOpen(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        return fd >= 0 ? fd : throw new PosixException("open directory", errno);
    }

    /// <summary>As above; the path is bytes that end in NUL.</summary>
    public static void SyncDirectory(ReadOnlySpan<byte> path)
    {
        int fd = OpenDirectory(path);
        try
        {
            Check(Native.fsync(fd), "fsync directory");
        }
        finally
        {
            Close(fd);
        }
    }

    /// <summary>Cuts or extends a file to a length in bytes.</summary>
    public static void Truncate(int fd, long length) =>
        Check(Native.ftruncate(fd, length), $"truncate fd {fd}");

    /// <summary>The file position, where the next read begins.</summary>
    /// <exception cref="PosixException">The descriptor has no file position.</exception>
    public static long Position(int fd)
    {
        const int current = 1; // SEEK_CUR
        long place = Native.lseek(fd, 0, current);
        return place >= 0
            ? place : throw new PosixException($"ask fd {fd}", Marshal.GetLastPInvokeError());
    }

    /// <summary>Sets the file position from the start of the file.</summary>
    public static void Seek(int fd, long offset)
    {
        if (Native.lseek(fd, offset, SeekSet) < 0)
        {
            throw new PosixException($"seek fd {fd}", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Frees a range's space; it then reads as zeros. False if not supported.
    /// </summary>
    public static bool PunchHole(int fd, long offset, long length)
    {
        if (Native.fallocate(fd, PunchHoleKeepSize, offset, length) == 0)
        {
            return true;
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.NotSupported
            ? false
            : throw new PosixException($"punch hole fd {fd}", errno);
    }

    /// <summary>Locks the open file for this descriptor alone. False if another holds it.</summary>
    public static bool TryLockExclusive(int fd)
    {
        const int exclusiveNonBlocking = 2 | 4;
        if (Native.flock(fd, exclusiveNonBlocking) == 0)
        {
            return true;
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno is Errno.Again or Errno.Interrupted
            ? false
            : throw new PosixException($"lock fd {fd}", errno);
    }

    /// <summary>Locks the open file, waiting for its holder.</summary>
    public static void LockExclusive(int fd)
    {
        const int exclusive = 2;
        while (Native.flock(fd, exclusive) != 0)
        {
            ThrowUnlessInterrupted($"lock fd {fd}");
        }
    }

    /// <summary>Status of an open file.</summary>
    public static FileStatus Status(int fd)
    {
        byte empty = 0;
        Native.StatxBuffer buffer;
        Check(Native.statx(fd, &empty, AtEmptyPath, StatxBasic, &buffer), $"stat fd {fd}");
        return ToStatus(buffer);
    }

    /// <summary>The file system that an open file is on; equal for files on the same one.</summary>
    public static ulong DeviceOf(int fd)
    {
        byte empty = 0;
        Native.StatxBuffer buffer;
        Check(Native.statx(fd, &empty, AtEmptyPath, StatxBasic, &buffer), $"stat fd {fd}");
        return ((ulong)buffer.DevMajor << 32) | buffer.DevMinor;
    }

    /// <summary>The status of a path that ends in NUL; null and the error if there is none.
    /// </summary>
    public static FileStatus? TryStatus(
        ReadOnlySpan<byte> path, out int errno, bool followLinks = true)
    {
        RequireTerminated(path);
        Native.StatxBuffer buffer;
        int flags = followLinks ? 0 : AtNoFollow;
        fixed (byte* p = path)
        {
            errno = Native.statx(AtCurrentDirectory, p, flags, StatxBasic, &buffer) == 0
                ? 0
                : Marshal.GetLastPInvokeError();
        }

        return errno == 0 ? ToStatus(buffer) : null;
    }

    /// <summary>Makes a descriptor non-blocking, or blocking again.</summary>
    public static void SetNonBlocking(int fd, bool on)
    {
        const int getFlags = 3;
        const int setFlags = 4;
        int flags = Native.fcntl(fd, getFlags, 0);
        int wanted = on
            ? flags | (int)OpenFlags.NonBlocking
            : flags & ~(int)OpenFlags.NonBlocking;
        if (flags < 0 || Native.fcntl(fd, setFlags, wanted) < 0)
        {
            throw new PosixException($"fcntl fd {fd}", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Whether the number is an open descriptor.</summary>
    public static bool IsOpen(int fd)
    {
        const int getDescriptorFlags = 1;
        return Native.fcntl(fd, getDescriptorFlags, 0) >= 0;
    }

    /// <summary>Whether the number is a descriptor that this program was started with. Descriptors
    /// of the runtime have the lowest free numbers and are close-on-exec, which an inherited
    /// descriptor cannot be.</summary>
    public static bool IsInherited(int fd)
    {
        const int getDescriptorFlags = 1;
        const int closeOnExec = 1;
        int flags = Native.fcntl(fd, getDescriptorFlags, 0);
        return flags >= 0 && (flags & closeOnExec) == 0;
    }

    /// <summary>From now on, programs that are run inherit only descriptors 0, 1 and 2.</summary>
    public static void KeepFromPrograms()
    {
        const uint closeOnExec = 4; // CLOSE_RANGE_CLOEXEC
        Check(Native.close_range(FirstOther, int.MaxValue, closeOnExec), "close_range");
    }

    /// <summary>Keeps an inherited descriptor from children, or passes it on to what
    /// <see cref="Processes.Exec"/> runs.</summary>
    public static void SetCloseOnExec(int fd, bool on = true)
    {
        const int setDescriptorFlags = 2;
        const int closeOnExec = 1;
        Check(Native.fcntl(fd, setDescriptorFlags, on ? closeOnExec : 0), $"fcntl fd {fd}");
    }

    /// <summary>A pipe; both ends close-on-exec.</summary>
    public static (int Read, int Write) Pipe()
    {
        int* fds = stackalloc int[2];
        Check(Native.pipe2(fds, (int)OpenFlags.CloseOnExec), "pipe");
        return (fds[0], fds[1]);
    }

    /// <summary>Two connected Unix stream sockets, close-on-exec.</summary>
    public static (int First, int Second) SocketPair() => SocketPair(stream: true);

    /// <summary>The same, but each send is received as one packet.</summary>
    public static (int First, int Second) PacketSocketPair() => SocketPair(stream: false);

    private static (int First, int Second) SocketPair(bool stream)
    {
        const int unix = 1;
        const int closeOnExec = 0x80000;
        const int packets = 5; // SOCK_SEQPACKET
        int* fds = stackalloc int[2];
        int type = (stream ? 1 : packets) | closeOnExec;
        Check(Native.socketpair(unix, type, 0, fds), "socketpair");
        return (fds[0], fds[1]);
    }

    /// <summary>Ends the sending side of a socket.</summary>
    public static void ShutdownWrite(int socket)
    {
        const int write = 1;
        _ = Native.shutdown(socket, write);
    }

    /// <summary>Accepts a connection; minus one if none waits, or if the peer is gone.</summary>
    public static int TryAccept(int listener)
    {
        const int closeOnExec = 0x80000;
        return Native.accept4(
            listener, null, null, closeOnExec | (int)OpenFlags.NonBlocking);
    }

    /// <summary>Whether the descriptor is a stream socket within this host, not a file and not a
    /// network connection.</summary>
    public static bool IsUnixStream(int fd)
    {
        const int levelSocket = 1;
        const int kind = 3; // SO_TYPE
        const int family = 39; // SO_DOMAIN
        return Option(family) == 1 && Option(kind) == 1;

        int Option(int name)
        {
            int value = 0;
            uint length = sizeof(int);
            return Native.getsockopt(fd, levelSocket, name, &value, &length) == 0 ? value : -1;
        }
    }

    /// <summary>Whether the peer of a Unix socket has not yet read everything that was sent.
    /// </summary>
    public static bool HasUnread(int socket)
    {
        const nint unsent = 0x5411; // SIOCOUTQ
        int bytes = 0;
        Check(Native.ioctl(socket, unsent, &bytes), "ioctl SIOCOUTQ");
        return bytes > 0;
    }

    internal static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw new PosixException(what, Marshal.GetLastPInvokeError());
        }
    }

    internal static void RequireTerminated(ReadOnlySpan<byte> path)
    {
        if (path.IndexOf((byte)0) != path.Length - 1)
        {
            throw new ArgumentException("A path must end in its only NUL.", nameof(path));
        }
    }

    private static void ThrowUnlessInterrupted(string what)
    {
        int errno = Marshal.GetLastPInvokeError();
        if (errno != Errno.Interrupted)
        {
            throw new PosixException(what, errno);
        }
    }

    internal static FileStatus ToStatus(in Native.StatxBuffer b) =>
        new(b.Mode, b.Uid, b.Gid, (long)b.Size, b.Inode, ToTime(b.Modify), ToTime(b.Access));

    private static DateTimeOffset ToTime(in Native.StatxTimestamp time) =>
        DateTimeOffset.FromUnixTimeSeconds(time.Seconds).AddTicks(time.Nanoseconds / 100);
}
