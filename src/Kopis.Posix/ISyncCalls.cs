namespace Kopis.Posix;

/// <summary>The calls that wait for the disk, so that tests can count them and let them fail.
/// They throw <see cref="PosixException"/>.</summary>
internal interface ISyncCalls
{
    /// <summary>Which file system a file is on.</summary>
    ulong Device(int fd);

    /// <summary>Makes one file or directory durable.</summary>
    void Sync(int fd);

    /// <summary>Makes a whole file system durable.</summary>
    void SyncFileSystem(int fd);

    /// <summary>Tells of errors in what was written to a file since it was opened.</summary>
    void CheckWritten(int fd);
}
