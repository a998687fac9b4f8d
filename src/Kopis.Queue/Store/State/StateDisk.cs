using Kopis.Posix;

namespace Kopis.Queue.Store.State;

/// <summary>queue/state as it is.</summary>
public sealed class StateDisk(IFileSystem files, string directory) : IStateDisk
{
    private const int OwnerOnly = 0x180; // 0600

    public IReadOnlyList<string> Names() => files.FileNames(directory);

    public int Open(string name) => files.Open(In(name), OpenFlags.ReadOnly);

    public int Create(string name) => files.Open(
        In(name), OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Truncate, OwnerOnly);

    public int ReadAt(int fd, Span<byte> to, long offset) => files.ReadAt(fd, to, offset);

    public void WriteAt(int fd, ReadOnlySpan<byte> bytes, long offset) =>
        files.WriteAt(fd, bytes, offset);

    public void SyncData(int fd) => files.SyncData(fd);

    public void Close(int fd) => files.Close(fd);

    public void Rename(string from, string to) => files.Rename(In(from), In(to));

    public void Unlink(string name) => files.Unlink(In(name));

    public void SyncNames() => files.SyncDirectory(directory);

    private string In(string name) => Path.Combine(directory, name);
}
