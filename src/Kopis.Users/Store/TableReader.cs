using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// Looks keys of a text table up: in its index where that was made of the very text that is there,
/// else in the text itself, which is then read whole. So the text decides in any case, and a lost
/// or old index costs time only. May be used from many threads.
/// </summary>
internal sealed class TableReader(string users, TableFormat format)
{
    /// <summary>A million users, with room.</summary>
    internal const int TextBytesMax = 512 * 1024 * 1024;

    private readonly byte[] _path = Fd.PathBytes(format.TextPath(users));
    private readonly Lock _lock = new();
    private Dictionary<string, string> _table = [];
    private CdbFile? _index;
    private TableStamp? _seen;

    /// <summary>What stands after a key's colon; null where there is no such key.</summary>
    /// <exception cref="ConfigurationException">The table cannot be read or understood.
    /// </exception>
    internal string? Find(ReadOnlySpan<byte> key)
    {
        lock (_lock)
        {
            Refresh();
            if (_index is null || key.IsEmpty)
            {
                return _table.GetValueOrDefault(ByteText.ToText(key));
            }

            try
            {
                return _index.Find(key) is { } rest ? ByteText.ToText(rest) : null;
            }
            catch (Exception e) when (e is PosixException or InvalidDataException)
            {
                Forget();
                _table = format.Parse(users, ReadText());
                return _table.GetValueOrDefault(ByteText.ToText(key));
            }
        }
    }

    /// <summary>The whole table, by key.</summary>
    /// <exception cref="ConfigurationException">As <see cref="Find"/>.</exception>
    internal IReadOnlyList<KeyValuePair<string, string>> List() =>
        Fd.TryStatus(_path, out int errno) is null && errno == Errno.NoEntry
            ? []
            : [.. format.Parse(users, ReadText())
                .OrderBy(line => line.Key, StringComparer.Ordinal)];

    private void Refresh()
    {
        if (Fd.TryStatus(_path, out int errno) is not { } status)
        {
            Forget();
            _seen = null;
            if (errno != Errno.NoEntry)
            {
                throw new ConfigurationException(
                    new PosixException($"stat users/{format.Name}", errno).Message);
            }

            return;
        }

        TableStamp now = TableStamp.Of(status);
        if (now != _seen)
        {
            Forget();
            _seen = null;
            _index = OpenIndex(format.IndexPath(users), now);
            if (_index is null)
            {
                _table = format.Parse(users, ReadText());
            }

            _seen = now;
        }
    }

    /// <summary>The index, if it was made of that text.</summary>
    internal static CdbFile? OpenIndex(string path, TableStamp text)
    {
        if (CdbFile.TryOpen(path) is not { } index)
        {
            return null;
        }

        try
        {
            if (index.Find([]) is { } stamp && TableStamp.Parse(stamp) == text)
            {
                return index;
            }
        }
        catch (Exception e) when (e is PosixException or InvalidDataException)
        {
            // As good as none.
        }

        index.Dispose();
        return null;
    }

    private void Forget()
    {
        _index?.Dispose();
        _index = null;
        _table = [];
    }

    private byte[] ReadText() =>
        BoundedFile.TryRead(format.TextPath(users), TextBytesMax, out int errno)
            ?? throw new ConfigurationException(
                new PosixException(format.TextPath(users), errno).Message);
}
