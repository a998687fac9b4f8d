using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Virtual;

/// <summary>Looks up keys of a text table: in its index if that was made from the current text,
/// otherwise in the text, which is then read whole. So the text always decides, and a missing or
/// old index costs only time. May be used from many threads.</summary>
/// <param name="users">The directory of the table.</param>
/// <param name="format">The format of the table.</param>
/// <param name="complain">Logs what is wrong with each new text, once, and why it cannot be read,
/// at most five times a minute; null: no log.</param>
internal sealed class TableReader(
    string users, TableFormat format, Action<string>? complain = null)
{
    /// <summary>Enough for more than a million users.</summary>
    internal const int TextBytesMax = 512 * 1024 * 1024;

    private static readonly TimeSpan WritingTimeMax = TimeSpan.FromSeconds(10);

    private readonly byte[] _path = Fd.PathBytes(format.TextPath(users));
    private readonly Lock _lock = new();
    private readonly LogThrottle? _troubles =
        complain is null ? null : new LogThrottle(complain, TimeProvider.System);

    private Dictionary<string, string> _table = [];
    private CdbFile? _index;
    private TableStamp? _seen;

    /// <summary>The rest of a key's line; null if there is no such key.</summary>
    /// <exception cref="ConfigurationException">The table cannot be read, or the line of that key
    /// is wrong.</exception>
    internal string? Find(ReadOnlySpan<byte> key)
    {
        string? rest;
        try
        {
            rest = RestOf(key);
        }
        catch (ConfigurationException e)
        {
            _troubles?.Write($"alert: users/{format.Name}", $"alert: {e.Message}");
            throw;
        }

        return rest is null || format.IsRight(ByteText.ToText(key), rest)
            ? rest
            : throw format.Bad(users, $"the line of {LogText.Safe(key)} is not {format.Shape}");
    }

    /// <summary>The whole table by key, without wrong lines.</summary>
    /// <exception cref="ConfigurationException">The table cannot be read.</exception>
    internal IReadOnlyList<KeyValuePair<string, string>> List() =>
        Fd.TryStatus(_path, out int errno) is null && errno == Errno.NoEntry
            ? []
            : [.. format.Parse(ReadText(), out _)
                .Where(line => format.IsRight(line.Key, line.Value))
                .OrderBy(line => line.Key, StringComparer.Ordinal)];

    /// <summary>What is wrong with the text.</summary>
    /// <exception cref="ConfigurationException">The table cannot be read.</exception>
    internal IReadOnlyList<string> Faults()
    {
        if (Fd.TryStatus(_path, out int errno) is null && errno == Errno.NoEntry)
        {
            return [];
        }

        _ = format.Parse(ReadText(), out IReadOnlyList<string> faults);
        return [.. faults.Select(fault => format.Bad(users, fault).Message)];
    }

    private string? RestOf(ReadOnlySpan<byte> key)
    {
        lock (_lock)
        {
            Refresh();
            try
            {
                return _index is null || key.IsEmpty
                    ? _table.GetValueOrDefault(ByteText.ToText(key))
                    : _index.Find(key) is { } found ? ByteText.ToText(found) : null;
            }
            catch (Exception e) when (e is PosixException or InvalidDataException)
            {
                Forget();
                _table = format.Parse(ReadText(), out _);
                return _table.GetValueOrDefault(ByteText.ToText(key));
            }
        }
    }

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
            IReadOnlyList<string> faults = [];
            if (_index is null)
            {
                byte[] text = ReadText();
                RefuseCutText(text, status);
                _table = format.Parse(text, out faults);
            }

            _seen = now;
            Complain(_index is null ? faults : FaultsOf(_index));
        }
    }

    /// <summary>Opens the index, if it was made from that text.</summary>
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
            // A damaged index counts as none.
        }

        index.Dispose();
        return null;
    }

    // An editor may be writing the file in place. Users who are not in the text yet must not be
    // bounced.
    private void RefuseCutText(ReadOnlySpan<byte> text, FileStatus status)
    {
        ReadOnlySpan<byte> last = text[(text.LastIndexOf((byte)'\n') + 1)..];
        _ = format.Parse(last, out IReadOnlyList<string> faults);
        if (faults.Count > 0
            && TimeProvider.System.GetUtcNow() - status.Modified < WritingTimeMax)
        {
            throw format.Bad(users, $"its last line is not {format.Shape}, and has no end");
        }
    }

    private static IReadOnlyList<string> FaultsOf(CdbFile index)
    {
        try
        {
            return TableFormat.FaultsOf(index);
        }
        catch (Exception e) when (e is PosixException or InvalidDataException)
        {
            return []; // Then the text is read instead.
        }
    }

    private void Complain(IReadOnlyList<string> faults)
    {
        foreach (string fault in faults)
        {
            complain?.Invoke($"warning: {format.Bad(users, fault).Message}");
        }
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
