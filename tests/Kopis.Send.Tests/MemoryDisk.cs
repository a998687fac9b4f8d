using System.Text;
using Kopis.Posix;

namespace Kopis.Send.Tests;

/// <summary>
/// A directory in memory that forgets like a disk: what was not synced may be there after a
/// crash, or half, or not. <see cref="BeforeEach"/> lets a test crash or fail any call.
/// </summary>
internal sealed class MemoryDisk : IFileSystem
{
    /// <summary>Where its files are.</summary>
    internal const string Directory = "/state";

    private readonly Dictionary<int, Node> _open = [];
    private readonly List<Action<Dictionary<string, Node>>> _unsyncedNames = [];
    private Dictionary<string, Node> _names = [];
    private Dictionary<string, Node> _durableNames = [];
    private int _nextFd = 3;

    internal Action BeforeEach { get; set; } = () => { };

    internal IReadOnlyList<string> Names() => [.. _names.Keys.Order(StringComparer.Ordinal)];

    public int TryOpen(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out int errno)
    {
        string name = Name(path);
        errno = 0;
        if (flags.HasFlag(OpenFlags.Create))
        {
            Node node = new();
            Change(names => names[name] = node);
        }
        else if (!_names.ContainsKey(name))
        {
            errno = Errno.NoEntry;
            return -1;
        }

        _open.Add(_nextFd, _names[name]);
        return _nextFd++;
    }

    public int ReadAt(int fd, Span<byte> to, long offset)
    {
        MemoryStream content = _open[fd].Content;
        content.Position = offset;
        return content.Read(to);
    }

    public void WriteAt(int fd, ReadOnlySpan<byte> from, long offset)
    {
        BeforeEach();
        Node node = _open[fd];
        Write(node.Content, from, (int)offset);
        node.Unsynced.Add(((int)offset, from.ToArray()));
    }

    public void SyncData(int fd)
    {
        BeforeEach();
        Node node = _open[fd];
        node.Unsynced.ForEach(write => Write(node.Durable, write.Bytes, write.Offset));
        node.Unsynced.Clear();
    }

    public void Close(int fd) => _open.Remove(fd);

    public void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        BeforeEach();
        (string before, string after) = (Name(from), Name(to));
        Change(names =>
        {
            if (names.Remove(before, out Node? node))
            {
                names[after] = node;
            }
        });
    }

    public bool TryUnlink(ReadOnlySpan<byte> path, out int errno)
    {
        BeforeEach();
        string name = Name(path);
        errno = _names.ContainsKey(name) ? 0 : Errno.NoEntry;
        Change(names => names.Remove(name));
        return errno == 0;
    }

    public IReadOnlyList<string> FileNames(string directory) => Names();

    public void SyncDirectory(ReadOnlySpan<byte> path)
    {
        BeforeEach();
        _durableNames = new(_names);
        _unsyncedNames.Clear();
    }

    // What a log of the state does not do.

    public long Size(int fd) => throw new NotSupportedException();

    public void Write(int fd, ReadOnlySpan<byte> from) => throw new NotSupportedException();

    public void Truncate(int fd, long length) => throw new NotSupportedException();

    public bool PunchHole(int fd, long offset, long length) => throw new NotSupportedException();

    public void Sync(int fd) => throw new NotSupportedException();

    public ulong Device(int fd) => throw new NotSupportedException();

    public void SyncFileSystem(int fd) => throw new NotSupportedException();

    public void CheckWritten(int fd) => throw new NotSupportedException();

    public int OpenDirectory(ReadOnlySpan<byte> path) => throw new NotSupportedException();

    public void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name) =>
        throw new NotSupportedException();

    public bool Exists(ReadOnlySpan<byte> path, out int errno) =>
        throw new NotSupportedException();

    public long FreeBytes(string path) => throw new NotSupportedException();

    /// <summary>The content of a file, for tests that damage it; durable at once.</summary>
    internal byte[] this[string name]
    {
        get => _names[name].Content.ToArray();
        set
        {
            Set(_names[name].Content, value);
            Set(_names[name].Durable, value);
        }
    }

    /// <summary>The power goes and comes back. Names survive in the order of their changes, as on
    /// a journalled file system; each unsynced write survives whole, in part or not at all.
    /// </summary>
    internal void Crash(Random random)
    {
        int kept = random.Next(_unsyncedNames.Count + 1);
        foreach (Action<Dictionary<string, Node>> change in _unsyncedNames.Take(kept))
        {
            change(_durableNames);
        }

        _unsyncedNames.Clear();
        _names = new(_durableNames);
        _open.Clear();
        foreach (Node node in _names.Values.Distinct())
        {
            foreach ((int offset, byte[] bytes) in node.Unsynced)
            {
                int survived = random.Next(3) switch
                {
                    0 => 0,
                    1 => random.Next(bytes.Length + 1),
                    _ => bytes.Length,
                };
                if (survived > 0)
                {
                    Write(node.Durable, bytes.AsSpan(0, survived), offset);
                }
            }

            node.Unsynced.Clear();
            Set(node.Content, node.Durable.ToArray());
        }
    }

    private static string Name(ReadOnlySpan<byte> path) =>
        Path.GetFileName(Encoding.Latin1.GetString(path[..^1]));

    /// <summary>Costs what is written, not what is there.</summary>
    private static void Write(MemoryStream content, ReadOnlySpan<byte> bytes, int offset)
    {
        content.Position = offset;
        content.Write(bytes);
    }

    private static void Set(MemoryStream content, byte[] bytes)
    {
        content.SetLength(0);
        content.Write(bytes);
    }

    private void Change(Action<Dictionary<string, Node>> change)
    {
        change(_names);
        _unsyncedNames.Add(change);
    }

    private sealed class Node
    {
        internal MemoryStream Content { get; } = new();

        internal MemoryStream Durable { get; } = new();

        internal List<(int Offset, byte[] Bytes)> Unsynced { get; } = [];
    }
}
