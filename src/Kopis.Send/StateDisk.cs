using Kopis.Posix;

namespace Kopis.Send;

/// <summary>queue/state as it is.</summary>
internal sealed class StateDisk(string directory) : IStateDisk
{
    private const int OwnerOnly = 0x180; // 0600

    public IReadOnlyList<string> Names() =>
        [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path))];

    public int Open(string name) => Fd.Open(In(name), OpenFlags.ReadOnly);

    public int Create(string name) => Fd.Open(
        In(name), OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Truncate, OwnerOnly);

    public int ReadAt(int fd, Span<byte> to, long offset) => Fd.ReadAt(fd, to, offset);

    public void WriteAt(int fd, ReadOnlySpan<byte> bytes, long offset) =>
        Fd.WriteAt(fd, bytes, offset);

    public void SyncData(int fd) => Fd.SyncData(fd);

    public void Close(int fd) => Fd.Close(fd);

    public void Rename(string from, string to) => Paths.Rename(In(from), In(to));

    public void Unlink(string name) => Paths.Unlink(In(name));

    public void SyncNames() => Fd.SyncDirectory(directory);

    private string In(string name) => Path.Combine(directory, name);
}
