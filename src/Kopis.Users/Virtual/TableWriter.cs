using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Virtual;

/// <summary>Changes a text table and its index. One writer runs at a time, and each change is made
/// whole or not at all. Comments, order and wrong lines are kept.</summary>
internal sealed class TableWriter : IDisposable
{
    private const int OwnerOnly = 0x180; // 0600: a table may hold password hashes.

    private readonly string _users;
    private readonly TableFormat _format;
    private byte[] _content = [];
    private int _lock = -1;

    /// <summary>Takes the lock and reads the table.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    internal TableWriter(string users, TableFormat format)
    {
        (_users, _format) = (users, format);
        AcquireLock();
        try
        {
            Load();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The current text, changes included.</summary>
    internal byte[] Content => _content;

    /// <summary>The rest of a key's line; null if there is no such key, or its line is wrong.
    /// </summary>
    internal string? Find(string key)
    {
        (int start, int end) = PlaceOf(key);
        string? rest = start < 0
            ? null
            : ByteText.ToText(
                _content.AsSpan((start + key.Length + 1)..(end - 1)).TrimEnd((byte)'\r'));
        return rest is not null && _format.IsRight(key, rest) ? rest : null;
    }

    /// <summary>Replaces the line of a key, or adds one at the end.</summary>
    internal void Set(string key, string rest)
    {
        (int start, int end) = PlaceOf(key);
        Replace(
            start < 0 ? _content.Length : start, start < 0 ? _content.Length : end,
            ByteText.ToBytes($"{key}:{rest}\n"));
    }

    /// <summary>Removes the line of a key.</summary>
    internal bool Remove(string key)
    {
        (int start, int end) = PlaceOf(key);
        if (start >= 0)
        {
            Replace(start, end, []);
        }

        return start >= 0;
    }

    /// <summary>Replaces text and index, durably.</summary>
    /// <exception cref="IOException">The files could not be replaced; the old ones are still there.
    /// </exception>
    internal void Save() => Write();

    /// <summary>Releases the lock.</summary>
    public void Dispose() => Fd.Close(_lock);

    private void AcquireLock()
    {
        _lock = Fd.Open(
            _format.TextPath(_users) + ".lock", OpenFlags.ReadWrite | OpenFlags.Create, OwnerOnly);
        Fd.LockExclusive(_lock);
    }

    private void Load()
    {
        string path = _format.TextPath(_users);
        if (Fd.TryStatus(Fd.PathBytes(path), out _) is null)
        {
            return;
        }

        _content = BoundedFile.Read(path, TableReader.TextBytesMax);
        if (_content is [.., not (byte)'\n'])
        {
            _content = [.. _content, (byte)'\n'];
        }
    }

    // From the first byte of the line to the byte after its LF.
    private (int Start, int End) PlaceOf(string key)
    {
        byte[] search = ByteText.ToBytes($"\n{key}:");
        int start = _content.AsSpan().StartsWith(search.AsSpan(1))
            ? 0
            : _content.AsSpan().IndexOf(search) + 1;
        return start == 0 && !_content.AsSpan().StartsWith(search.AsSpan(1))
            ? (-1, -1)
            : (start, start + _content.AsSpan(start).IndexOf((byte)'\n') + 1);
    }

    private void Replace(int start, int end, byte[] line)
    {
        byte[] next = new byte[_content.Length - (end - start) + line.Length];
        _content.AsSpan(0, start).CopyTo(next);
        line.CopyTo(next, start);
        _content.AsSpan(end).CopyTo(next.AsSpan(start + line.Length));
        _content = next;
    }

    // The index is renamed first. A reader that has the old text keeps its old index open. A reader
    // that comes between the two renames finds that the index belongs to another text, and reads
    // the old text.
    private void Write()
    {
        (string text, string index) = (_format.TextPath(_users), _format.IndexPath(_users));
        TableStamp stamp = default;
        Create(text + ".tmp", fd =>
        {
            Fd.WriteAll(fd, _content);
            Fd.Sync(fd);
            stamp = TableStamp.Of(Fd.Status(fd));
        });
        Create(index + ".tmp", fd =>
        {
            _format.Index(_content, stamp).WriteTo(piece => Fd.WriteAll(fd, piece));
            Fd.Sync(fd);
        });
        Paths.Rename(index + ".tmp", index);
        Paths.Rename(text + ".tmp", text);
        Fd.SyncDirectory(_users);
    }

    private static void Create(string path, Action<int> fill)
    {
        int fd = Fd.Open(
            path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, OwnerOnly);
        try
        {
            fill(fd);
        }
        finally
        {
            Fd.Close(fd);
        }
    }
}
