using Kopis.Posix;

namespace Kopis.Server.Greylist;

/// <summary>The file of the greylist: records that all listeners append to and read. Nothing is
/// synced, since records lost in a power cut only delay mail. Records in a damaged file are read as
/// far as they are valid. When the file is large, the process that gets the lock rewrites it. Not
/// thread-safe.</summary>
/// <param name="directory">Its directory, which belongs to qmaild.</param>
internal sealed class GreyFile(string directory) : IDisposable
{
    /// <summary>The size from which the file is rewritten with its valid records: a third of it at
    /// most.</summary>
    internal const int CompactBytes = 16 * 1024 * 1024;

    /// <summary>How much is read at most: several times what both tables of <see cref="GreyTable"/>
    /// hold.</summary>
    internal const int BytesMax = 32 * 1024 * 1024;

    private const string Name = "table";
    private const string NewName = "table.new";
    private const string LockName = "lock";
    private const int Mode = 0x180; // 0600
    private const int BlockBytes = 64 * 1024 / GreyRecord.Bytes * GreyRecord.Bytes;

    private Beneath? _directory;
    private int _file = -1;
    private ulong _number; // Of the open file.
    private long _read; // So far.

    /// <summary>Reads the new records.</summary>
    /// <exception cref="PosixException">The file cannot be read.</exception>
    internal void Read(Action<GreyRecord> each)
    {
        Open();
        long size = Fd.Status(_file).Size;
        _read = size < _read || size - _read > BytesMax ? Math.Max(0, size - BytesMax) : _read;
        byte[] block = new byte[BlockBytes];
        int kept = 0;
        while (true)
        {
            int got = Fd.ReadAt(_file, block.AsSpan(kept), _read + kept);
            if (got <= 0)
            {
                return; // The rest may be half a record, and is read again.
            }

            int used = GreyRecord.ReadAll(block.AsSpan(0, kept + got), each);
            _read += used;
            kept = kept + got - used;
            block.AsSpan(used, kept).CopyTo(block);
        }
    }

    /// <summary>Appends records.</summary>
    /// <returns>Whether the file should be rewritten.</returns>
    /// <exception cref="PosixException">The file cannot be written.</exception>
    internal bool Append(IReadOnlyList<GreyRecord> records)
    {
        Open();
        Fd.WriteAll(_file, Form(records));
        return Fd.Status(_file).Size > CompactBytes;
    }

    /// <summary>Rewrites the file, unless another process is doing so.</summary>
    /// <param name="records">All valid records.</param>
    /// <exception cref="PosixException">The file cannot be written.</exception>
    internal void Compact(IEnumerable<GreyRecord> records)
    {
        int gate = _directory!.Open(
            LockName, OpenFlags.ReadWrite | OpenFlags.Create, Mode);
        try
        {
            if (!Fd.TryLockExclusive(gate))
            {
                return;
            }

            int file = _directory.Open(
                NewName, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, Mode);
            try
            {
                foreach (GreyRecord[] some in records.Chunk(BlockBytes / GreyRecord.Bytes))
                {
                    Fd.WriteAll(file, Form(some));
                }
            }
            finally
            {
                Fd.Close(file);
            }

            _directory.Rename(NewName, Name);
        }
        finally
        {
            Fd.Close(gate);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Fd.Close(_file);
        _file = -1;
        _directory?.Dispose();
        _directory = null;
    }

    private static byte[] Form(IReadOnlyList<GreyRecord> records)
    {
        byte[] bytes = new byte[records.Count * GreyRecord.Bytes];
        for (int i = 0; i < records.Count; i++)
        {
            records[i].WriteTo(bytes.AsSpan(i * GreyRecord.Bytes, GreyRecord.Bytes));
        }

        return bytes;
    }

    // Another process may have replaced the file.
    private void Open()
    {
        _directory ??= new Beneath(directory);
        if (_file >= 0 && _directory.TryStatus(Name)?.Inode == _number)
        {
            return;
        }

        Fd.Close(_file);
        _file = -1;
        _file = _directory.Open(
            Name, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Append
                | OpenFlags.NonBlocking, Mode);
        FileStatus status = Fd.Status(_file);
        _number = status.Inode;
        _read = 0;
        if (!status.IsRegular)
        {
            throw new PosixException($"open {directory}/{Name}", Errno.Access);
        }
    }
}
