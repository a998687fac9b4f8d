using Kopis.Posix;
using Kopis.Queue.Writer;

namespace Kopis.Queue.Tests;

/// <summary>The real disk, but each call can be counted, held up or made to fail.</summary>
internal sealed class TestDisk : IQueueDisk
{
    private readonly QueueDisk _disk = new(FileSystem.Real);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _calls = [];

    /// <summary>Called before each call with its name; what it throws is the call's error.
    /// </summary>
    internal Action<string> Before { get; set; } = _ => { };

    /// <summary>Whether a failing write leaves half of its bytes, as a full disk does.</summary>
    internal bool WritesHalf { get; set; }

    internal long Free { get; set; } = long.MaxValue;

    internal static PosixException Full => new("test", Errno.NoSpace);

    internal static PosixException Broken => new("test", Errno.InputOutput);

    internal int Count(string call)
    {
        lock (_lock)
        {
            return _calls.GetValueOrDefault(call);
        }
    }

    public int Create(string path)
    {
        Note(nameof(Create));
        return _disk.Create(path);
    }

    public void WriteAt(int fd, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            Note(nameof(WriteAt));
        }
        catch (PosixException) when (WritesHalf)
        {
            _disk.WriteAt(fd, bytes[..(bytes.Length / 2)], offset);
            throw;
        }

        _disk.WriteAt(fd, bytes, offset);
    }

    public int ReadAt(int fd, Span<byte> to, long offset)
    {
        Note(nameof(ReadAt));
        return _disk.ReadAt(fd, to, offset);
    }

    // The tests' own files need not survive a power cut.
    public void SyncData(int fd) => Note(nameof(SyncData));

    public void Truncate(int fd, long length)
    {
        Note(nameof(Truncate));
        _disk.Truncate(fd, length);
    }

    public void Rename(string from, string to)
    {
        Note(nameof(Rename));
        _disk.Rename(from, to);
    }

    public void SyncDirectory(string path) => Note(nameof(SyncDirectory));

    public void Close(int fd) => _disk.Close(fd);

    public void Unlink(string path)
    {
        Note(nameof(Unlink));
        _disk.Unlink(path);
    }

    public long FreeBytes(string path)
    {
        Note(nameof(FreeBytes));
        return Free;
    }

    private void Note(string call)
    {
        lock (_lock)
        {
            _calls[call] = _calls.GetValueOrDefault(call) + 1;
        }

        Before(call);
    }
}
