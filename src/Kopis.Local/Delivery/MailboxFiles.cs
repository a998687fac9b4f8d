using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>The disk, as a Maildir delivery uses it.</summary>
internal sealed class MailboxFiles(IFileSystem files) : IMailboxFiles
{
    private const int OwnerOnly = 0x180; // 0600

    public bool Exists(ReadOnlySpan<byte> path, out int errno) => files.Exists(path, out errno);

    public int Create(ReadOnlySpan<byte> path)
    {
        int fd = files.TryOpen(
            path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerOnly,
            out int errno);
        return fd >= 0 || errno == Errno.Exists ? fd : throw new PosixException("create", errno);
    }

    public void Write(int fd, ReadOnlySpan<byte> bytes) => files.Write(fd, bytes);

    public void Sync(int fd) => files.Sync(fd);

    public void Close(int fd) => files.Close(fd);

    public void Link(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => files.Link(from, to);

    public void SyncDirectory(ReadOnlySpan<byte> path) => files.SyncDirectory(path);

    public void Unlink(ReadOnlySpan<byte> path) => files.TryUnlink(path, out _);
}
