using System.Globalization;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.Bounces;

/// <summary>
/// queue/bounce: for each message with something to report, a file with a record for each
/// recipient (docs/queue-format.md). qmail-send alone writes it.
/// </summary>
/// <param name="files">The disk.</param>
/// <param name="directory">Where they are.</param>
public sealed class BounceLog(IFileSystem files, string directory)
{
    /// <summary>From here on reports of a message are shortened: one with very many recipients must
    /// not take all of the disk by what is said of them.</summary>
    public const long WholeReportsBytesMax = 1024 * 1024;

    private const int BlockBytes = 64 * 1024;

    private readonly Dictionary<ulong, long> _ends = []; // Of files that we have written.
    private readonly Dictionary<ulong, List<(long Offset, byte[] Bytes)>> _unsynced = [];
    private bool _syncFailed;

    /// <summary>Messages that have a file.</summary>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    public IReadOnlyList<ulong> Numbers()
    {
        List<ulong> numbers = [];
        foreach (string name in files.FileNames(directory))
        {
            if (MessageNumber.TryParse(ByteText.ToBytes(name), out ulong number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    /// <summary>Adds a record; durable after the next <see cref="Sync()"/>.</summary>
    /// <exception cref="IOException">It was not added.</exception>
    public void Append(ulong number, BounceRecord record)
    {
        int fd = files.Open(FileName(number), OpenFlags.ReadWrite | OpenFlags.Create);
        try
        {
            if (!_ends.TryGetValue(number, out long end))
            {
                end = Adopt(fd);
            }

            byte[] bytes =
                (end < WholeReportsBytesMax ? record : record.Shorten()).Format();
            if (files.Size(fd) > end)
            {
                files.Truncate(fd, end); // A part of a record would hide all that comes after.
            }

            files.WriteAt(fd, bytes, end);
            _ends[number] = end + bytes.Length;
            if (!_unsynced.TryGetValue(number, out List<(long, byte[])>? records))
            {
                _unsynced.Add(number, records = []);
            }

            records.Add((end, bytes));
        }
        finally
        {
            files.Close(fd);
        }
    }

    /// <summary>Makes all that was added durable.</summary>
    /// <exception cref="IOException">Not now: to be tried again.</exception>
    public void Sync()
    {
        if (_unsynced.Count == 0)
        {
            return;
        }

        try
        {
            foreach ((ulong number, List<(long Offset, byte[] Bytes)> records) in _unsynced)
            {
                Sync(number, records);
            }

            files.SyncDirectory(directory);
            _syncFailed = false;
            _unsynced.Clear();
        }
        catch (IOException)
        {
            _syncFailed = true;
            throw;
        }
    }

    /// <summary>What is kept of a message; read anew each time, since there may be much. Nothing
    /// if there is no file.</summary>
    /// <exception cref="IOException">It cannot be read now.</exception>
    public IEnumerable<BounceRecord> Read(ulong number)
    {
        int fd = files.TryOpen(
            Fd.PathBytes(FileName(number)), OpenFlags.ReadOnly, 0, out int errno);
        if (fd < 0)
        {
            if (errno != Errno.NoEntry)
            {
                throw new PosixException($"open {FileName(number)}", errno);
            }

            yield break;
        }

        try
        {
            foreach (BounceRecord record in BounceReader.Read(files, fd))
            {
                yield return record;
            }
        }
        finally
        {
            files.Close(fd);
        }
    }

    /// <summary>Removes a message's file.</summary>
    /// <exception cref="IOException">It is still there.</exception>
    public void Remove(ulong number)
    {
        _unsynced.Remove(number);
        _ends.Remove(number);
        files.Unlink(FileName(number));
    }

    /// <summary>
    /// Makes what an earlier process left a base to write behind. After a sync that failed the
    /// kernel takes pages for clean that never got to the disk, and shows them still: a power cut
    /// would leave a hole there, which hides what follows. So all of it is written again.
    /// </summary>
    /// <returns>Where it ends.</returns>
    private long Adopt(int fd)
    {
        if (files.Size(fd) == 0)
        {
            return 0;
        }

        long end = BounceReader.SoundEnd(files, fd);
        files.Truncate(fd, end); // It extends text by the NUL that ends it.
        byte[] block = new byte[(int)Math.Min(BlockBytes, end)];
        int got;
        for (long done = 0;
            done < end && (got = files.ReadAt(fd, block, done)) > 0;
            done += got)
        {
            files.WriteAt(fd, block.AsSpan(0, got), done);
        }

        files.Sync(fd);
        return end;
    }

    private void Sync(ulong number, List<(long Offset, byte[] Bytes)> records)
    {
        int fd = files.Open(FileName(number), OpenFlags.WriteOnly);
        try
        {
            // Only what is written again is synced after a sync that failed: see Adopt.
            foreach ((long offset, byte[] bytes) in _syncFailed ? records : [])
            {
                files.WriteAt(fd, bytes, offset);
            }

            files.Sync(fd);
        }
        finally
        {
            files.Close(fd);
        }
    }

    private string FileName(ulong number) =>
        Path.Combine(directory, number.ToString(CultureInfo.InvariantCulture));
}
