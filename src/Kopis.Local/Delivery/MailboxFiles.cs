using Kopis.Posix;

namespace Kopis.Local;

/// <summary>The disk itself.</summary>
internal sealed class MailboxFiles : IMailboxFiles
{
    public int Create(ReadOnlySpan<byte> path)
    {
        int fd = Fd.TryOpen(
            path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out int errno);
        return fd >= 0 || errno == Errno.Exists ? fd : throw new PosixException("create", errno);
    }

    public void Write(int fd, ReadOnlySpan<byte> bytes) => Fd.WriteAll(fd, bytes);

    public void Sync(int fd) => Fd.Sync(fd);

    public void Link(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => Paths.Link(from, to);

    public void SyncDirectory(ReadOnlySpan<byte> path) => Fd.SyncDirectory(path);

    public void Unlink(ReadOnlySpan<byte> path) => Paths.TryUnlink(path);
}
