using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Backup;

/// <summary>The files of a backup under their original names, for the code that reads a queue.
/// Nothing can be written.</summary>
internal sealed class StoredQueue(
    IReadOnlyDictionary<string, BackupEntry> entries, BackupStore store) : IFileSystem
{
    /// <inheritdoc/>
    public int TryOpen(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out int errno)
    {
        int fd = entries.TryGetValue(RawText.Of(path[..^1]), out BackupEntry? entry)
            && entry.Kind == BackupKind.File
                ? store.TryOpen(entry.Content) : -1;
        errno = fd >= 0 ? 0 : Errno.NoEntry;
        return fd;
    }

    /// <inheritdoc/>
    public void Close(int fd) => Fd.Close(fd);

    /// <inheritdoc/>
    public long Size(int fd) => Fd.Status(fd).Size;

    /// <inheritdoc/>
    public int ReadAt(int fd, Span<byte> to, long offset) => Fd.ReadAt(fd, to, offset);

    /// <inheritdoc/>
    public IReadOnlyList<string> FileNames(string directory) =>
    [
        .. entries.Values
            .Where(entry => entry.Kind == BackupKind.File
                && Path.GetDirectoryName(entry.Path) == directory)
            .Select(entry => Path.GetFileName(entry.Path)),
    ];

    /// <inheritdoc/>
    public bool Exists(ReadOnlySpan<byte> path, out int errno)
    {
        bool isHere = entries.ContainsKey(RawText.Of(path[..^1]));
        errno = isHere ? 0 : Errno.NoEntry;
        return isHere;
    }

    /// <inheritdoc/>
    public void WriteAt(int fd, ReadOnlySpan<byte> from, long offset) => throw ReadOnly();

    /// <inheritdoc/>
    public void Write(int fd, ReadOnlySpan<byte> from) => throw ReadOnly();

    /// <inheritdoc/>
    public void Truncate(int fd, long length) => throw ReadOnly();

    /// <inheritdoc/>
    public bool PunchHole(int fd, long offset, long length) => throw ReadOnly();

    /// <inheritdoc/>
    public void SyncData(int fd) => throw ReadOnly();

    /// <inheritdoc/>
    public int OpenDirectory(ReadOnlySpan<byte> path) => throw ReadOnly();

    /// <inheritdoc/>
    public void SyncDirectory(ReadOnlySpan<byte> path) => throw ReadOnly();

    /// <inheritdoc/>
    public void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name) => throw ReadOnly();

    /// <inheritdoc/>
    public void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => throw ReadOnly();

    /// <inheritdoc/>
    public bool TryUnlink(ReadOnlySpan<byte> path, out int errno) => throw ReadOnly();

    /// <inheritdoc/>
    public long FreeBytes(string path) => throw ReadOnly();

    /// <inheritdoc/>
    public void Sync(int fd) => throw ReadOnly();

    /// <inheritdoc/>
    public ulong Device(int fd) => throw ReadOnly();

    /// <inheritdoc/>
    public void SyncFileSystem(int fd) => throw ReadOnly();

    /// <inheritdoc/>
    public void CheckWritten(int fd) => throw ReadOnly();

    private static PosixException ReadOnly() => new("write to a backup", Errno.ReadOnly);
}
