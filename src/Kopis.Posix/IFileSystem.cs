namespace Kopis.Posix;

/// <summary>
/// The calls by which mail is kept on disk, one system call each, so that a simulator can put
/// itself in their place (docs/decisions/simulation.md). Paths are bytes that end in NUL. Calls
/// throw <see cref="PosixException"/> on an error unless they return it.
/// </summary>
public interface IFileSystem : ISyncCalls
{
    /// <summary>Opens a file; minus one and the error if not.</summary>
    int TryOpen(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out int errno);

    /// <summary>Closes; does not throw.</summary>
    void Close(int fd);

    /// <summary>Length of an open file.</summary>
    long Size(int fd);

    /// <summary>Reads at a place until the span is full or the file ends; the bytes read.</summary>
    int ReadAt(int fd, Span<byte> to, long offset);

    /// <summary>Writes everything at a place. After an error any part may be there.</summary>
    void WriteAt(int fd, ReadOnlySpan<byte> from, long offset);

    /// <summary>Writes everything at the file's position. After an error any part may be there.
    /// </summary>
    void Write(int fd, ReadOnlySpan<byte> from);

    /// <summary>Cuts or extends to the length.</summary>
    void Truncate(int fd, long length);

    /// <summary>Gives a range's space back; it reads as zeros after. False if not supported.
    /// </summary>
    bool PunchHole(int fd, long offset, long length);

    /// <summary>Makes content durable, and as much metadata as is needed to read it back.</summary>
    void SyncData(int fd);

    /// <summary>Opens a directory, for <see cref="ISyncCalls.Sync"/>.</summary>
    int OpenDirectory(ReadOnlySpan<byte> path);

    /// <summary>Makes a directory's entries durable.</summary>
    void SyncDirectory(ReadOnlySpan<byte> path);

    /// <summary>A second name for a file.</summary>
    void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name);

    /// <summary>Renames, replacing what had the name.</summary>
    void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to);

    /// <summary>Removes a name; false and the error if not.</summary>
    bool TryUnlink(ReadOnlySpan<byte> path, out int errno);

    /// <summary>Whether something is there; if not, the error that says why.</summary>
    bool Exists(ReadOnlySpan<byte> path, out int errno);

    /// <summary>Names of the files in a directory, in no order.</summary>
    IReadOnlyList<string> FileNames(string directory);

    /// <summary>Bytes that an unprivileged process may still write where the path lies.</summary>
    long FreeBytes(string path);
}
