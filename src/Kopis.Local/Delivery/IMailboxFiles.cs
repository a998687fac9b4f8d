namespace Kopis.Local.Delivery;

/// <summary>
/// What a Maildir delivery does to the disk, one call a step, so that tests can let any step fail.
/// Paths end in NUL. Calls throw <see cref="Posix.PosixException"/>.
/// </summary>
internal interface IMailboxFiles
{
    /// <summary>Whether something is there; if not, the error that says why.</summary>
    bool Exists(ReadOnlySpan<byte> path, out int errno);

    /// <summary>A new file that was not there; minus one if it is there.</summary>
    int Create(ReadOnlySpan<byte> path);

    /// <summary>Writes everything.</summary>
    void Write(int fd, ReadOnlySpan<byte> bytes);

    /// <summary>Makes the file durable.</summary>
    void Sync(int fd);

    /// <summary>Closes it; does not throw.</summary>
    void Close(int fd);

    /// <summary>Gives it its second name.</summary>
    void Link(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to);

    /// <summary>Makes the names in a directory durable.</summary>
    void SyncDirectory(ReadOnlySpan<byte> path);

    /// <summary>Removes a name, if that can be; does not throw.</summary>
    void Unlink(ReadOnlySpan<byte> path);
}
