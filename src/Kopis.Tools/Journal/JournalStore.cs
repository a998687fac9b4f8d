using System.Buffers;
using System.Globalization;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Tools.Journal;

/// <summary>The files of the journal: one is being written, the others are finished. Their total
/// size is bounded. If the disk is full the oldest file is removed if that helps; otherwise new
/// records are lost. Nothing is synced: a power cut loses what the kernel has not written yet, some
/// 30 seconds.</summary>
internal sealed class JournalStore : IDisposable
{
    /// <summary>The end of a file's name.</summary>
    internal const string Suffix = ".jsonl";

    /// <summary>An index has 24 bits for a place in a file.</summary>
    internal const int FileBytesMax = 16 * 1024 * 1024;

    private const string NameFormat = "yyyy-MM-dd'T'HHmmss.ffffff";
    private const int FilesPerJournal = 16;
    private const int FileBytesLeast = 64 * 1024;
    private const int BufferBytes = 256 * 1024;
    private const int GroupReads = 0x1A0; // 0640
    private const long FreeBytesLeast = 2 * QueueLimits.FreeBytesMin; // Mail has priority.
    private static readonly TimeSpan RemovePause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FileTime = TimeSpan.FromDays(1);

    private readonly string _directory;
    private readonly JournalLimits _limits;
    private readonly TimeProvider _time;
    private readonly ArrayBufferWriter<byte> _buffer = new(BufferBytes);
    private readonly int _fileBytes;
    private int _fd = -1;
    private string _path = "";
    private long _size;
    private int _records;
    private DateTimeOffset _since;
    private bool _hasRemoved;
    private long _removed;

    internal JournalStore(string directory, JournalLimits limits, TimeProvider time)
    {
        (_directory, _limits, _time) = (directory, limits, time);
        _fileBytes = (int)Math.Clamp(limits.Bytes / FilesPerJournal, FileBytesLeast, FileBytesMax);
    }

    /// <summary>Called with the path of a finished file.</summary>
    internal Action<string> OnWhole { get; init; } = static _ => { };

    /// <summary>How many records had no room since this was last read.</summary>
    internal long Lost { get; private set; }

    /// <summary>Whether records wait to be written.</summary>
    internal bool HasUnwritten => _buffer.WrittenCount > 0;

    /// <summary>Whether enough bytes are buffered to write them.</summary>
    internal bool IsLarge => _buffer.WrittenCount >= BufferBytes / 2;

    /// <summary>Where to write the next record.</summary>
    internal IBufferWriter<byte> Begin()
    {
        _records++;
        return _buffer;
    }

    /// <summary>Returns the count of lost records, and resets it.</summary>
    internal long TakeLost()
    {
        long lost = Lost;
        Lost = 0;
        return lost;
    }

    /// <summary>Writes the records that wait.</summary>
    internal void Flush()
    {
        if (!HasUnwritten)
        {
            return;
        }

        if (_fd >= 0 && (_size + _buffer.WrittenCount > _fileBytes
            || _time.GetUtcNow() - _since >= FileTime))
        {
            End();
        }

        // The oldest file makes room for new records. More files are not removed, since it may not
        // be the journal that fills the disk.
        if (!(HasRoom() && TryWrite()) && !(RemoveOldest() && HasRoom() && TryWrite()))
        {
            Lost += _records;
        }

        _buffer.ResetWrittenCount();
        _records = 0;
    }

    /// <summary>Removes files that are too old, or exceed the size.</summary>
    internal void Prune()
    {
        List<string> files = Files(_directory);
        long bytes = files.Sum(BytesOf);
        DateTimeOffset oldest = _time.GetUtcNow() - _limits.Age;
        foreach (string path in files.Where(path => path != _path))
        {
            if (bytes <= _limits.Bytes && !(Fd.TryStatus(Fd.PathBytes(path), out _) is { } status
                && status.Modified < oldest))
            {
                break; // All others are younger.
            }

            bytes -= BytesOf(path);
            Remove(path);
        }
    }

    /// <summary>The journal's files, the oldest first.</summary>
    /// <exception cref="IOException">The directory cannot be read, or there is no journal.
    /// </exception>
    internal static List<string> Files(string directory)
    {
        try
        {
            return [.. Paths.Files(directory, "*" + Suffix)];
        }
        catch (PosixException e) when (e.Number == Errno.NoEntry)
        {
            throw new IOException(
                $"{directory}: there is no journal; qmail-journal has not run here", e);
        }
    }

    /// <summary>When a file begins, by its name; null if the name is not one of ours.</summary>
    internal static DateTimeOffset? BeginOf(string path) => DateTimeOffset.TryParseExact(
        Path.GetFileNameWithoutExtension(path), NameFormat, CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    /// <summary>Finishes the current file.</summary>
    public void Dispose()
    {
        Flush();
        End();
    }

    private long NeededBytes => FreeBytesLeast + _buffer.WrittenCount;

    private bool HasRoom() => Paths.FreeBytes(_directory) >= NeededBytes;

    private bool TryWrite()
    {
        try
        {
            if (_fd < 0)
            {
                Create();
            }

            Fd.WriteAt(_fd, _buffer.WrittenSpan, _size);
            _size += _buffer.WrittenCount;
            return true;
        }
        catch (PosixException)
        {
            Cut();
            return false;
        }
    }

    // Half a record would spoil the next one.
    private void Cut()
    {
        try
        {
            if (_fd >= 0)
            {
                Fd.Truncate(_fd, _size);
            }
        }
        catch (PosixException)
        {
            End();
        }
    }

    private void Create()
    {
        _since = _time.GetUtcNow();
        _path = Path.Combine(_directory, _since.UtcDateTime.ToString(
            NameFormat, CultureInfo.InvariantCulture) + Suffix);
        _fd = Fd.Open(
            _path,
            OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | Fd.NoFollow,
            GroupReads);
        _size = 0;
        Prune();
    }

    private void End()
    {
        if (_fd >= 0)
        {
            Fd.Close(_fd);
            _fd = -1;
            OnWhole(_path);
            _path = "";
        }
    }

    // Somebody who fills the disk for some seconds must not thereby empty the journal: at most one
    // file a minute is removed, and only if that makes room.
    private bool RemoveOldest()
    {
        string? oldest = Files(_directory).Find(path => path != _path);
        if (oldest is null || Paths.FreeBytes(_directory) + BytesOf(oldest) < NeededBytes
            || (_hasRemoved && _time.GetElapsedTime(_removed) < RemovePause))
        {
            return false;
        }

        (_hasRemoved, _removed) = (true, _time.GetTimestamp());
        Remove(oldest);
        return true;
    }

    private static long BytesOf(string path) =>
        SizeOf(path) + SizeOf(JournalIndex.PathFor(path));

    /// <summary>The size of a file in bytes; 0 if it does not exist.</summary>
    internal static long SizeOf(string path) =>
        Fd.TryStatus(Fd.PathBytes(path), out _)?.Size ?? 0;

    private static void Remove(string path)
    {
        _ = Paths.TryUnlink(Fd.PathBytes(JournalIndex.PathFor(path)));
        _ = Paths.TryUnlink(Fd.PathBytes(path));
    }
}
