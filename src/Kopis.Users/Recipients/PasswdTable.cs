using System.Globalization;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Users.Recipients;

/// <summary>The content of /etc/passwd and /etc/group, read again when one of them changes. May be
/// used from many threads.</summary>
internal sealed class PasswdTable(string users, string groups)
{
    private const int BytesMax = 64 * 1024 * 1024; // A million users.

    /// <summary>The valid lines.</summary>
    /// <param name="Users">By name. The first line of a name counts, as in getpwnam(3).</param>
    /// <param name="Uids">All uids.</param>
    /// <param name="Gids">All gids of both files.</param>
    internal sealed record Entries(
        Dictionary<string, (uint Uid, uint Gid, string Home)> Users,
        HashSet<uint> Uids, HashSet<uint> Gids);

    private readonly Lock _lock = new();
    private Entries _entries = new([], [], []);
    private (TableStamp, TableStamp) _seen;

    /// <summary>The current entries.</summary>
    /// <exception cref="PosixException">A file cannot be read.</exception>
    internal Entries Current()
    {
        (byte[] path, byte[] groupPath) = (Fd.PathBytes(users), Fd.PathBytes(groups));
        lock (_lock)
        {
            (TableStamp, TableStamp) now = (StampOf(path), StampOf(groupPath));
            if (now != _seen)
            {
                _entries = Read(Lines(path), Lines(groupPath));
                _seen = now;
            }

            return _entries;
        }
    }

    private static Entries Read(string[][] users, string[][] groups)
    {
        Entries read = new([], [], []);
        foreach (string[] user in users.Where(user => user.Length >= 6))
        {
            if (TryNumber(user[2], out uint uid) && TryNumber(user[3], out uint gid))
            {
                read.Users.TryAdd(user[0], (uid, gid, user[5]));
                read.Uids.Add(uid);
                read.Gids.Add(gid);
            }
        }

        foreach (string[] group in groups.Where(group => group.Length >= 3))
        {
            if (TryNumber(group[2], out uint gid))
            {
                read.Gids.Add(gid);
            }
        }

        return read;
    }

    private static bool TryNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static TableStamp StampOf(byte[] path) =>
        TableStamp.Of(Fd.TryStatus(path, out int errno)
            ?? throw new PosixException("look up user", errno));

    private static string[][] Lines(byte[] path)
    {
        int fd = Fd.TryOpen(path, OpenFlags.ReadOnly, out int errno);
        if (fd < 0)
        {
            throw new PosixException("look up user", errno);
        }

        try
        {
            byte[] text = new byte[Math.Min(Fd.Status(fd).Size, BytesMax)];
            int length = Fd.ReadAt(fd, text, 0);
            return [.. ByteText.ToText(text.AsSpan(0, length))
                .Split('\n').Select(line => line.Split(':'))];
        }
        finally
        {
            Fd.Close(fd);
        }
    }
}
