using Kopis.Posix;

namespace Kopis.Queue.Tests;

/// <summary>The real disk, but each call that changes it or reads back can be counted, held
/// up or made to fail.</summary>
internal sealed class TestDisk : IFileSystem
{
    private readonly IFileSystem _disk = FileSystem.Real;
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

    public int TryOpen(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out int errno)
    {
        try
        {
            if (flags.HasFlag(OpenFlags.Create))
            {
                Note("Create");
            }
        }
        catch (PosixException e)
        {
            errno = e.Number;
            return -1;
        }

        return _disk.TryOpen(path, flags, mode, out errno);
    }

    public void WriteAt(int fd, ReadOnlySpan<byte> from, long offset)
    {
        try
        {
            Note(nameof(WriteAt));
        }
        catch (PosixException) when (WritesHalf)
        {
            _disk.WriteAt(fd, from[..(from.Length / 2)], offset);
            throw;
        }

        _disk.WriteAt(fd, from, offset);
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

    public void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Note(nameof(Rename));
        _disk.Rename(from, to);
    }

    public void SyncDirectory(ReadOnlySpan<byte> path) => Note(nameof(SyncDirectory));

    public void Close(int fd) => _disk.Close(fd);

    public bool TryUnlink(ReadOnlySpan<byte> path, out int errno)
    {
        try
        {
            Note("Unlink");
        }
        catch (PosixException e)
        {
            errno = e.Number;
            return false;
        }

        return _disk.TryUnlink(path, out errno);
    }

    public long Size(int fd) => _disk.Size(fd);

    public void Write(int fd, ReadOnlySpan<byte> from) => _disk.Write(fd, from);

    public bool PunchHole(int fd, long offset, long length) =>
        _disk.PunchHole(fd, offset, length);

    public void Sync(int fd) => _disk.Sync(fd);

    public ulong Device(int fd) => _disk.Device(fd);

    public void SyncFileSystem(int fd) => _disk.SyncFileSystem(fd);

    public void CheckWritten(int fd) => _disk.CheckWritten(fd);

    public int OpenDirectory(ReadOnlySpan<byte> path) => _disk.OpenDirectory(path);

    public void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name) =>
        _disk.Link(existing, name);

    public bool Exists(ReadOnlySpan<byte> path, out int errno) =>
        _disk.Exists(path, out errno);

    public IReadOnlyList<string> FileNames(string directory) => _disk.FileNames(directory);

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
