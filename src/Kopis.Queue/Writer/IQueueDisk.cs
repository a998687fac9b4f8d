namespace Kopis.Queue.Writer;

/// <summary>The calls by which the queue writer changes the disk; tests let them fail.</summary>
internal interface IQueueDisk
{
    /// <summary>Creates a file that must not exist; the descriptor.</summary>
    int Create(string path);

    void WriteAt(int fd, ReadOnlySpan<byte> bytes, long offset);

    /// <summary>How many bytes were read; fewer only at the end.</summary>
    int ReadAt(int fd, Span<byte> to, long offset);

    void SyncData(int fd);

    void Truncate(int fd, long length);

    void Rename(string from, string to);

    void SyncDirectory(string path);

    void Close(int fd);

    void Unlink(string path);

    long FreeBytes(string path);
}
