using Kopis.Posix;

namespace Kopis.Queue.Writer;

/// <summary>The disk, as the queue writer uses it.</summary>
internal sealed class QueueDisk(IFileSystem files) : IQueueDisk
{
    private const int GroupReadable = 0x1A0; // 0640: qmail-send and the spawners are of the group.

    public int Create(string path) => files.Open(
        path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, GroupReadable);

    public void WriteAt(int fd, ReadOnlySpan<byte> bytes, long offset) =>
        files.WriteAt(fd, bytes, offset);

    public int ReadAt(int fd, Span<byte> to, long offset) => files.ReadAt(fd, to, offset);

    public void SyncData(int fd) => files.SyncData(fd);

    public void Truncate(int fd, long length) => files.Truncate(fd, length);

    public void Rename(string from, string to) => files.Rename(from, to);

    public void SyncDirectory(string path) => files.SyncDirectory(path);

    public void Close(int fd) => files.Close(fd);

    public void Unlink(string path) => files.Unlink(path);

    public long FreeBytes(string path) => files.FreeBytes(path);
}
