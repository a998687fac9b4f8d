using Kopis.Queue.Store.State;

namespace Kopis.Send.Tests;

/// <summary>
/// A directory in memory that forgets like a disk: what was not synced may be there after a
/// crash, or half, or not. <see cref="BeforeEach"/> lets a test crash or fail any call.
/// </summary>
internal sealed class MemoryDisk : IStateDisk
{
    private readonly Dictionary<int, Node> _open = [];
    private readonly List<Action<Dictionary<string, Node>>> _unsyncedNames = [];
    private Dictionary<string, Node> _names = [];
    private Dictionary<string, Node> _durableNames = [];
    private int _nextFd = 3;

    internal Action BeforeEach { get; set; } = () => { };

    public IReadOnlyList<string> Names() => [.. _names.Keys.Order(StringComparer.Ordinal)];

    public int Open(string name)
    {
        _open.Add(_nextFd, _names[name]);
        return _nextFd++;
    }

    public int Create(string name)
    {
        Node node = new();
        Change(names => names[name] = node);
        _open.Add(_nextFd, node);
        return _nextFd++;
    }

    public int ReadAt(int fd, Span<byte> to, long offset)
    {
        byte[] content = _open[fd].Content;
        int length = (int)Math.Clamp(content.Length - offset, 0, to.Length);
        content.AsSpan((int)offset, length).CopyTo(to);
        return length;
    }

    public void WriteAt(int fd, ReadOnlySpan<byte> bytes, long offset)
    {
        BeforeEach();
        Node node = _open[fd];
        node.Content = Written(node.Content, bytes, (int)offset);
        node.Unsynced.Add(((int)offset, bytes.ToArray()));
    }

    public void SyncData(int fd)
    {
        BeforeEach();
        Node node = _open[fd];
        node.Durable = node.Content;
        node.Unsynced.Clear();
    }

    public void Close(int fd) => _open.Remove(fd);

    public void Rename(string from, string to)
    {
        BeforeEach();
        Change(names =>
        {
            if (names.Remove(from, out Node? node))
            {
                names[to] = node;
            }
        });
    }

    public void Unlink(string name)
    {
        BeforeEach();
        Change(names => names.Remove(name));
    }

    public void SyncNames()
    {
        BeforeEach();
        _durableNames = new(_names);
        _unsyncedNames.Clear();
    }

    /// <summary>The content of a file, for tests that damage it; durable at once.</summary>
    internal byte[] this[string name]
    {
        get => _names[name].Content;
        set => _names[name].Content = _names[name].Durable = value;
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
                    node.Durable = Written(node.Durable, bytes.AsSpan(0, survived), offset);
                }
            }

            node.Unsynced.Clear();
            node.Content = node.Durable;
        }
    }

    private static byte[] Written(byte[] content, ReadOnlySpan<byte> bytes, int offset)
    {
        byte[] result = new byte[Math.Max(content.Length, offset + bytes.Length)];
        content.CopyTo(result, 0);
        bytes.CopyTo(result.AsSpan(offset));
        return result;
    }

    private void Change(Action<Dictionary<string, Node>> change)
    {
        change(_names);
        _unsyncedNames.Add(change);
    }

    private sealed class Node
    {
        internal byte[] Content { get; set; } = [];

        internal byte[] Durable { get; set; } = [];

        internal List<(int Offset, byte[] Bytes)> Unsynced { get; } = [];
    }
}
