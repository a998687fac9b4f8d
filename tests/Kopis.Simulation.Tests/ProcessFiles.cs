using System.Text;
using Kopis.Posix;

namespace Kopis.Simulation.Tests;

/// <summary>
/// The file system as one process sees it. Each call is a point at which others run, the process
/// may be killed, the power may go, and the call may fail; a long write is several such points.
/// Without fibers it is the eye of the checks, which nothing disturbs.
/// </summary>
internal sealed class ProcessFiles(SimulatedDisk disk, Fibers? fibers, Faults faults)
    : IFileSystem
{
    private const long PlentyOfBytes = 1L << 40;

    private readonly Dictionary<int, OpenFile> _open = [];
    private readonly Dictionary<int, string> _openDirectories = [];
    private int _lastFd = 1000;

    public int TryOpen(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out int errno)
    {
        string name = Text(path);
        bool mayCreate = flags.HasFlag(OpenFlags.Create);
        errno = Enter("open", name);
        if (errno != 0)
        {
            return -1;
        }

        SimulatedFile? file = disk.Find(name);
        if (file is not null && flags.HasFlag(OpenFlags.Exclusive))
        {
            errno = Errno.Exists;
            return -1;
        }

        if (file is null && !mayCreate)
        {
            errno = Errno.NoEntry;
            return -1;
        }

        if (file is null)
        {
            disk.SetNames((name, file = new SimulatedFile()));
        }
        else if (flags.HasFlag(OpenFlags.Truncate))
        {
            file.Do(new Change(ChangeKind.Cut, 0, []));
        }

        _open.Add(++_lastFd, new OpenFile(name, file));
        return _lastFd;
    }

    public int OpenDirectory(ReadOnlySpan<byte> path)
    {
        string name = Text(path);
        Throw("open directory", name);
        _openDirectories.Add(++_lastFd, name);
        return _lastFd;
    }

    public void Close(int fd)
    {
        _open.Remove(fd);
        _openDirectories.Remove(fd);
    }

    public long Size(int fd)
    {
        Throw("stat", _open[fd].Path);
        return _open[fd].File.Content.Length;
    }

    public int ReadAt(int fd, Span<byte> to, long offset)
    {
        Throw("read", _open[fd].Path);
        byte[] content = _open[fd].File.Content;
        int length = (int)Math.Clamp(content.Length - offset, 0, to.Length);
        content.AsSpan((int)Math.Min(offset, content.Length), length).CopyTo(to);
        return length;
    }

    public void WriteAt(int fd, ReadOnlySpan<byte> from, long offset)
    {
        OpenFile open = _open[fd];
        int place = (int)offset;
        while (true)
        {
            int error = Enter("write", open.Path);
            int length = faults.Random(3) == 0 || error != 0
                ? faults.Random(from.Length + 1)
                : from.Length;
            if (length > 0)
            {
                open.File.Do(new Change(ChangeKind.Write, place, from[..length].ToArray()));
            }

            if (error != 0)
            {
                throw new PosixException("write", error); // Some of it is there.
            }

            from = from[length..];
            place += length;
            if (from.IsEmpty)
            {
                return;
            }
        }
    }

    public void Write(int fd, ReadOnlySpan<byte> from)
    {
        OpenFile open = _open[fd];
        WriteAt(fd, from, open.Position);
        open.Position += from.Length;
    }

    public void Truncate(int fd, long length)
    {
        Throw("truncate", _open[fd].Path);
        _open[fd].File.Do(new Change(ChangeKind.Cut, (int)length, []));
    }

    public bool PunchHole(int fd, long offset, long length)
    {
        Throw("hole", _open[fd].Path);
        _open[fd].File.Do(new Change(ChangeKind.Hole, (int)offset, new byte[length]));
        return true;
    }

    public void Sync(int fd)
    {
        if (_openDirectories.TryGetValue(fd, out string? directory))
        {
            SyncDirectory(directory);
        }
        else
        {
            SyncData(fd);
        }
    }

    public ulong Device(int fd) => 1; // There is one disk.

    public void SyncFileSystem(int fd)
    {
        string name = _openDirectories.GetValueOrDefault(fd) ?? _open[fd].Path;
        int error = Enter("syncfs", name);
        faults.NoteShared();
        if (error != 0)
        {
            disk.FailSync();
            throw new PosixException("syncfs", error);
        }

        if (!faults.IsLeftOut("syncfs", name))
        {
            disk.SyncAll();
        }
    }

    public void CheckWritten(int fd)
    {
        Throw("check", _openDirectories.GetValueOrDefault(fd) ?? _open[fd].Path);
        if (_open.TryGetValue(fd, out OpenFile? open) && !faults.IsLeftOut("check", open.Path))
        {
            ThrowErrors(open);
        }
    }

    private static void ThrowErrors(OpenFile open)
    {
        if (open.File.Errors > open.SeenErrors)
        {
            open.SeenErrors = open.File.ErrorsSeen = open.File.Errors;
            throw new PosixException("written before", Errno.InputOutput);
        }
    }

    public void SyncData(int fd)
    {
        OpenFile open = _open[fd];
        int error = Enter("sync", open.Path);
        if (error != 0)
        {
            faults.FailSync(open.File);
            open.SeenErrors = open.File.ErrorsSeen = open.File.Errors;
            throw new PosixException("sync", error);
        }

        ThrowErrors(open);
        if (!faults.IsLeftOut("sync", open.Path))
        {
            disk.Sync(open.File);
        }
    }

    public void SyncDirectory(ReadOnlySpan<byte> path) => SyncDirectory(Text(path));

    private void SyncDirectory(string name)
    {
        Throw("sync directory", name);
        if (!faults.IsLeftOut("sync directory", name))
        {
            disk.SyncDirectory(name);
        }
    }

    public void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name)
    {
        Throw("link", Text(name));
        SimulatedFile file = disk.Find(Text(existing))
            ?? throw new PosixException("link", Errno.NoEntry);
        disk.SetNames((Text(name), file));
    }

    public void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Throw("rename", Text(to));
        SimulatedFile file = disk.Find(Text(from))
            ?? throw new PosixException("rename", Errno.NoEntry);
        disk.SetNames((Text(to), file), (Text(from), null));
    }

    public bool TryUnlink(ReadOnlySpan<byte> path, out int errno)
    {
        string name = Text(path);
        errno = Enter("unlink", name);
        if (errno == 0 && disk.Find(name) is null)
        {
            errno = Errno.NoEntry;
        }

        if (errno == 0)
        {
            disk.SetNames((name, null));
        }

        return errno == 0;
    }

    public bool Exists(ReadOnlySpan<byte> path, out int errno)
    {
        string name = Text(path).TrimEnd('.').TrimEnd('/');
        errno = Enter("stat", name);
        if (errno == 0 && !disk.HasDirectory(name) && disk.Find(name) is null)
        {
            errno = Errno.NoEntry;
        }

        return errno == 0;
    }

    public IReadOnlyList<string> FileNames(string directory)
    {
        Throw("list", directory);
        return disk.FileNames(directory);
    }

    public long FreeBytes(string path)
    {
        Throw("statvfs", path);
        return PlentyOfBytes;
    }

    private int Enter(string call, string path)
    {
        if (fibers is null)
        {
            return 0;
        }

        fibers.Yield();
        faults.Note(fibers.CurrentNumber, call, path);
        return faults.Next(call, path);
    }

    private void Throw(string call, string path)
    {
        int error = Enter(call, path);
        if (error != 0)
        {
            throw new PosixException($"{call} {path}", error);
        }
    }

    private static string Text(ReadOnlySpan<byte> path) =>
        Encoding.Latin1.GetString(path[..^1]);
}
