namespace Kopis.Queue.Store.State;

/// <summary>The calls by which queue/state is read and changed; the crash simulator has its own
/// kind. All throw <see cref="IOException"/>; names are plain file names.</summary>
public interface IStateDisk
{
    IReadOnlyList<string> Names();

    /// <summary>Opens a file for reading; the descriptor.</summary>
    int Open(string name);

    /// <summary>Creates a file, or empties it; the descriptor.</summary>
    int Create(string name);

    /// <summary>Fills the span from a place; fewer bytes only at the end.</summary>
    int ReadAt(int fd, Span<byte> to, long offset);

    void WriteAt(int fd, ReadOnlySpan<byte> bytes, long offset);

    void SyncData(int fd);

    void Close(int fd);

    void Rename(string from, string to);

    void Unlink(string name);

    /// <summary>Makes renames and removals durable.</summary>
    void SyncNames();
}
