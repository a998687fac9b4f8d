using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>A disk on which deliveries that end at the same time share a sync.</summary>
internal sealed class SharedMailboxFiles(IMailboxFiles files) : IMailboxFiles
{
    private readonly SharedSync _sync = new(TimeProvider.System);

    public bool Exists(ReadOnlySpan<byte> path, out int errno) => files.Exists(path, out errno);

    public int Create(ReadOnlySpan<byte> path) => files.Create(path);

    public void Write(int fd, ReadOnlySpan<byte> bytes) => files.Write(fd, bytes);

    public void Sync(int fd) => _sync.Sync(fd);

    public void Close(int fd) => files.Close(fd);

    public void Link(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => files.Link(from, to);

    public void SyncDirectory(ReadOnlySpan<byte> path)
    {
        int fd = Fd.OpenDirectory(path);
        try
        {
            _sync.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    public void Unlink(ReadOnlySpan<byte> path) => files.Unlink(path);
}
