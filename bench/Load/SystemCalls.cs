using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace Load;

/// <summary>Sockets, epoll(7) and files of Linux, 64 bits. Nothing but declarations.</summary>
internal static unsafe partial class SystemCalls
{
    internal const int Again = 11; // EAGAIN
    internal const int Interrupted = 4; // EINTR
    internal const int InProgress = 115; // EINPROGRESS
    internal const int StreamNonBlocking = 1 | 0x800 | 0x80000; // SOCK_STREAM, _NONBLOCK, _CLOEXEC
    internal const int AcceptNonBlocking = 0x800 | 0x80000;
    internal const int NoSignal = 0x4000; // MSG_NOSIGNAL
    internal const int Internet = 2; // AF_INET
    internal const int CreateNew = 1 | 0x40 | 0x80 | 0x80000; // O_WRONLY, _CREAT, _EXCL, _CLOEXEC
    internal const int ReadOnly = 0x80000; // O_RDONLY, _CLOEXEC

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int connect(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int accept4(int fd, byte* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recv(int fd, byte* buffer, nuint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint send(int fd, byte* buffer, nuint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int fd, int level, int name, int* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int open(byte* path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, byte* bytes, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int syncfs(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int rename(byte* from, byte* to);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_ctl(int epoll, int operation, int fd, byte* entry);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_wait(int epoll, byte* entries, int count, int milliseconds);
}
