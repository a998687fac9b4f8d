using System.Net;
using Kopis.Posix;

namespace Kopis.Queue.QmailFormat;

/// <summary>The file queue/lock/tcpto, which all senders share: see <see cref="TimeoutTable"/>. It
/// is changed under its lock, which is held while one record is written.</summary>
public sealed class TimeoutFile(string home)
{
    private const int Readable = 0x1A4; // 0644

    private static readonly TimeSpan LockTimeMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Where it is, or would be.</summary>
    public string Place { get; } = Path.Combine(home, "queue", "lock", "tcpto");

    /// <summary>The table; zeros if there is no file.</summary>
    /// <exception cref="PosixException">The file cannot be read.</exception>
    public byte[] Read()
    {
        byte[] table = new byte[TimeoutTable.Bytes];
        int fd = Fd.TryOpen(
            Fd.PathBytes(Place),
            OpenFlags.ReadOnly | OpenFlags.NonBlocking | Fd.NoFollow, out int errno);
        if (fd < 0)
        {
            return errno == Errno.NoEntry
                ? table
                : throw new PosixException($"open {Place}", errno);
        }

        try
        {
            Fd.ReadAt(fd, table, 0);
            return table;
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>Clears the table.</summary>
    /// <exception cref="PosixException">The file cannot be written.</exception>
    public void Clear()
    {
        bool cleared = Change(table =>
        {
            Array.Clear(table);
            return (0, TimeoutTable.Bytes);
        });
        if (!cleared)
        {
            throw new PosixException($"lock {Place}", Errno.Again);
        }
    }

    /// <summary>Notes that an address answered.</summary>
    /// <exception cref="PosixException">The file cannot be written.</exception>
    public void NoteAnswer(IPAddress address) => Change(table =>
        (TimeoutTable.NoteAnswer(table, address), TimeoutTable.RecordBytes));

    /// <summary>Notes that an address did not answer.</summary>
    /// <exception cref="PosixException">The file cannot be written.</exception>
    public void NoteTimeout(IPAddress address, uint now) => Change(table =>
        (TimeoutTable.NoteTimeout(table, address, now), TimeoutTable.RecordBytes));

    // Any reader of the file can lock it and keep the lock. The table only saves attempts at hosts
    // that do not answer, so it is not worth waiting to add one.
    private static bool TryLock(int fd)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!Fd.TryLockExclusive(fd))
        {
            if (TimeProvider.System.GetElapsedTime(start) > LockTimeMax)
            {
                return false;
            }

            Thread.Sleep(LockPause);
        }

        return true;
    }

    private bool Change(Func<byte[], (int At, int Length)> change)
    {
        int fd = Fd.Open(
            Place,
            OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NonBlocking | Fd.NoFollow,
            Readable);
        try
        {
            if (!TryLock(fd))
            {
                return false;
            }

            byte[] table = new byte[TimeoutTable.Bytes];
            int had = Fd.ReadAt(fd, table, 0);
            (int at, int length) = change(table);
            if (had < table.Length)
            {
                Fd.WriteAt(fd, table, 0); // A new or truncated file.
            }
            else if (at >= 0)
            {
                Fd.WriteAt(fd, table.AsSpan(at, length), at);
            }

            return true;
        }
        finally
        {
            Fd.Close(fd);
        }
    }
}
