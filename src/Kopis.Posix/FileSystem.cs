namespace Kopis.Posix;

/// <summary>The file system of this machine.</summary>
public sealed class FileSystem : IFileSystem
{
    private FileSystem()
    {
    }

    /// <summary>The only instance; it holds no state.</summary>
    public static IFileSystem Real { get; } = new FileSystem();

    /// <inheritdoc/>
    /// <remarks>Several users own files in the queue. If one of them puts a link or a FIFO in the
    /// place of a file, the others do not follow it and do not wait.</remarks>
    public int TryOpen(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out int errno) =>
        Fd.TryOpen(path, flags | OpenFlags.NonBlocking | Fd.NoFollow, out errno, mode);

    /// <inheritdoc/>
    public void Close(int fd) => Fd.Close(fd);

    /// <inheritdoc/>
    public long Size(int fd) => Fd.Status(fd).Size;

    /// <inheritdoc/>
    public int ReadAt(int fd, Span<byte> to, long offset) => Fd.ReadAt(fd, to, offset);

    /// <inheritdoc/>
    public void WriteAt(int fd, ReadOnlySpan<byte> from, long offset) =>
        Fd.WriteAt(fd, from, offset);

    /// <inheritdoc/>
    public void Write(int fd, ReadOnlySpan<byte> from) => Fd.WriteAll(fd, from);

    /// <inheritdoc/>
    public void Truncate(int fd, long length) => Fd.Truncate(fd, length);

    /// <inheritdoc/>
    public bool PunchHole(int fd, long offset, long length) => Fd.PunchHole(fd, offset, length);

    /// <inheritdoc/>
    public void Sync(int fd) => Fd.Sync(fd);

    /// <inheritdoc/>
    public ulong Device(int fd) => Fd.DeviceOf(fd);

    /// <inheritdoc/>
    public void SyncFileSystem(int fd) => Fd.SyncFileSystem(fd);

    /// <inheritdoc/>
    public void CheckWritten(int fd) => Fd.CheckWritten(fd);

    /// <inheritdoc/>
    public int OpenDirectory(ReadOnlySpan<byte> path) => Fd.OpenDirectory(path);

    /// <inheritdoc/>
    public void SyncData(int fd) => Fd.SyncData(fd);

    /// <inheritdoc/>
    public void SyncDirectory(ReadOnlySpan<byte> path) => Fd.SyncDirectory(path);

    /// <inheritdoc/>
    public void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name) =>
        Paths.Link(existing, name);

    /// <inheritdoc/>
    public void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => Paths.Rename(from, to);

    /// <inheritdoc/>
    public bool TryUnlink(ReadOnlySpan<byte> path, out int errno) =>
        Paths.TryUnlink(path, out errno);

    /// <inheritdoc/>
    public bool Exists(ReadOnlySpan<byte> path, out int errno) =>
        Fd.TryStatus(path, out errno) is not null;

    /// <inheritdoc/>
    public IReadOnlyList<string> FileNames(string directory) =>
        [.. Paths.Files(directory).Select(path => Path.GetFileName(path))];

    /// <inheritdoc/>
    public long FreeBytes(string path) => Paths.FreeBytes(path);
}
