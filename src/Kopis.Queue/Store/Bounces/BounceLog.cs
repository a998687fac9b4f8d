using System.Globalization;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.Bounces;

/// <summary>The files of queue/bounce: each message with something to report has one, with a record
/// for each recipient (docs/queue-format.md). Only qmail-send writes them.</summary>
/// <param name="files">The disk.</param>
/// <param name="directory">The directory of the files.</param>
public sealed class BounceLog(IFileSystem files, string directory)
{
    /// <summary>Above this size, reports of a message are shortened, so that a message with very
    /// many recipients does not fill the disk with its reports.</summary>
    public const long WholeReportsBytesMax = 1024 * 1024;

    private const int BlockBytes = 64 * 1024;

    private readonly Dictionary<ulong, long> _ends = []; // For files that we have written.
    private readonly Dictionary<ulong, List<(long Offset, byte[] Bytes)>> _unsynced = [];
    private bool _syncFailed;

    /// <summary>The messages that have a file.</summary>
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

    /// <summary>Adds a record; it is durable after the next <see cref="Sync()"/>.</summary>
    /// <exception cref="IOException">The record was not added.</exception>
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
                files.Truncate(fd, end); // Part of a record would hide all that follows it.
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

    /// <summary>Makes all added records durable.</summary>
    /// <exception cref="IOException">They are not durable yet: try again.</exception>
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

    /// <summary>The records of a message. They are read again each time, since there may be many.
    /// None if there is no file.</summary>
    /// <exception cref="IOException">The file cannot be read now.</exception>
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
    /// <exception cref="IOException">The file is still there.</exception>
    public void Remove(ulong number)
    {
        _unsynced.Remove(number);
        _ends.Remove(number);
        files.Unlink(FileName(number));
    }

    /// <summary>Prepares a file of an earlier process for appending. After a failed sync the kernel
    /// treats pages as clean that never reached the disk, and still shows them. A power cut would
    /// leave a hole there, which hides what follows, so the whole file is written again.</summary>
    /// <returns>Where the file ends.</returns>
    private long Adopt(int fd)
    {
        if (files.Size(fd) == 0)
        {
            return 0;
        }

        long end = BounceReader.SoundEnd(files, fd);
        files.Truncate(fd, end); // Adds the NUL that ends qmail's text.
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
            // After a failed sync, only what is written again is synced: see Adopt.
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
