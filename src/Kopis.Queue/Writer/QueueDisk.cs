using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>The real disk.</summary>
internal sealed class QueueDisk : IQueueDisk
{
    private const int GroupReadable = 0x1A0; // 0640: qmail-send and the spawners are of the group.

    public int Create(string path) =>
        Fd.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, GroupReadable);

    public void WriteAt(int fd, ReadOnlySpan<byte> bytes, long offset) =>
        Fd.WriteAt(fd, bytes, offset);

    public void SyncData(int fd) => Fd.SyncData(fd);

    public void Truncate(int fd, long length) => Fd.Truncate(fd, length);

    public void Rename(string from, string to) => Paths.Rename(from, to);

    public void SyncDirectory(string path) => Fd.SyncDirectory(path);

    public void Close(int fd) => Fd.Close(fd);

    public void Unlink(string path) => Paths.Unlink(path);

    public long FreeBytes(string path) => Paths.FreeBytes(path);
}
