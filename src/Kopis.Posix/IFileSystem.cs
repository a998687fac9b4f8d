namespace Kopis.Posix;

/// <summary>The calls by which mail is kept on disk, one system call each, so that a simulator can
/// replace them (docs/decisions/simulation.md). Paths are bytes that end in NUL. Calls throw
/// <see cref="PosixException"/> on an error unless they return it.</summary>
public interface IFileSystem : ISyncCalls
{
    /// <summary>Opens a file; minus one and the error if that fails.</summary>
    int TryOpen(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out int errno);

    /// <summary>Closes a descriptor; does not throw.</summary>
    void Close(int fd);

    /// <summary>The length of an open file.</summary>
    long Size(int fd);

    /// <summary>Reads from a position until the span is full or the file ends; returns the bytes
    /// read.</summary>
    int ReadAt(int fd, Span<byte> to, long offset);

    /// <summary>Writes everything at a position. After an error, any part may have been written.
    /// </summary>
    void WriteAt(int fd, ReadOnlySpan<byte> from, long offset);

    /// <summary>Writes everything at the file position. After an error, any part may have been
    /// written.</summary>
    void Write(int fd, ReadOnlySpan<byte> from);

    /// <summary>Cuts or extends a file to a length.</summary>
    void Truncate(int fd, long length);

    /// <summary>Frees a range's space; the range then reads as zeros. False if not supported.
    /// </summary>
    bool PunchHole(int fd, long offset, long length);

    /// <summary>Makes content durable, and as much metadata as is needed to read it back.</summary>
    void SyncData(int fd);

    /// <summary>Opens a directory, for <see cref="ISyncCalls.Sync"/>.</summary>
    int OpenDirectory(ReadOnlySpan<byte> path);

    /// <summary>Makes a directory's entries durable.</summary>
    void SyncDirectory(ReadOnlySpan<byte> path);

    /// <summary>Makes a second name for a file.</summary>
    void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name);

    /// <summary>Renames a file, replacing the target.</summary>
    void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to);

    /// <summary>Removes a name; false and the error if that fails.</summary>
    bool TryUnlink(ReadOnlySpan<byte> path, out int errno);

    /// <summary>Whether a file exists; if not, the error that says why.</summary>
    bool Exists(ReadOnlySpan<byte> path, out int errno);

    /// <summary>The names of the files in a directory, in no order.</summary>
    IReadOnlyList<string> FileNames(string directory);

    /// <summary>How many bytes an unprivileged process may still write on the path's file system.
    /// </summary>
    long FreeBytes(string path);
}
