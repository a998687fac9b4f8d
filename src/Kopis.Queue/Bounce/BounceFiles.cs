using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>
/// queue/bounce: a file for each message of which something failed, with a passage for each time
/// it did (docs/queue-format.md).
/// </summary>
/// <param name="files">The disk.</param>
/// <param name="directory">Where they are.</param>
public sealed class BounceFiles(IFileSystem files, string directory)
{
    private const int BlockBytes = 64 * 1024;

    private readonly Dictionary<ulong, List<(long Offset, byte[] Text)>> _unsynced = [];
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

    /// <summary>Adds a passage; durable after the next <see cref="Sync()"/>.</summary>
    /// <exception cref="IOException">It was not added.</exception>
    public void Append(ulong number, ReadOnlySpan<byte> text)
    {
        int fd = files.Open(FileName(number), OpenFlags.WriteOnly | OpenFlags.Create);
        long end;
        try
        {
            end = files.Size(fd);
            try
            {
                files.WriteAt(fd, text, end);
            }
            catch (PosixException)
            {
                files.Truncate(fd, end); // Half a passage would be doubled by the next try.
                throw;
            }
        }
        finally
        {
            files.Close(fd);
        }

        if (!_unsynced.TryGetValue(number, out List<(long, byte[])>? passages))
        {
            _unsynced.Add(number, passages = []);
        }

        passages.Add((end, text.ToArray()));
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
            foreach ((ulong number, List<(long Offset, byte[] Text)> passages) in _unsynced)
            {
                Sync(number, passages);
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

    /// <summary>Removes a message's file.</summary>
    /// <exception cref="IOException">It is still there.</exception>
    public void Remove(ulong number)
    {
        _unsynced.Remove(number);
        files.Unlink(FileName(number));
    }

    /// <summary>Copies a message's passages into one that is being queued.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public void Copy(ulong number, IIntakeConnection queue)
    {
        int fd = files.Open(FileName(number), OpenFlags.ReadOnly);
        try
        {
            byte[] block = new byte[BlockBytes];
            int got;
            for (long done = 0; (got = files.ReadAt(fd, block, done)) > 0; done += got)
            {
                queue.Write(block.AsSpan(0, got));
            }
        }
        finally
        {
            files.Close(fd);
        }
    }

    private void Sync(ulong number, List<(long Offset, byte[] Text)> passages)
    {
        int fd = files.Open(FileName(number), OpenFlags.WriteOnly);
        try
        {
            // After a sync that failed the kernel takes pages for clean that never got to the disk:
            // only what is written again is synced by the next one.
            foreach ((long offset, byte[] text) in _syncFailed ? passages : [])
            {
                files.WriteAt(fd, text, offset);
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
