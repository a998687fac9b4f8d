namespace Kopis.Posix;

/// <summary>The calls of <see cref="IFileSystem"/> by which a <see cref="SharedSync"/> waits for
/// the disk. They throw <see cref="PosixException"/>.</summary>
public interface ISyncCalls
{
    /// <summary>The file system that a file is on.</summary>
    ulong Device(int fd);

    /// <summary>Makes a file's content and metadata durable, or a directory's entries.</summary>
    void Sync(int fd);

    /// <summary>Makes a whole file system durable.</summary>
    void SyncFileSystem(int fd);

    /// <summary>Reports errors of writes to a file since it was opened.</summary>
    void CheckWritten(int fd);
}
