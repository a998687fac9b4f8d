using System.Buffers.Text;
using System.Text;
using Kopis.Base;
using Kopis.Control;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>
/// Finds who controls an address: users/cdb, then virtual users, then the host's own users
/// (contract §7.2, §7.3). In single-user mode there are no users but virtual ones and alias.
/// </summary>
internal sealed class UserLookup(string home, bool singleUser)
{
    private const int UserNameMax = 31; // Contract §7.3: candidates are shorter than 32 bytes.
    private const int CdbBytesMax = 1 << 30;

    private readonly VirtualUsers _virtual = new(home);
    private byte[] _cdb = [];
    private (ulong Inode, long Size, DateTimeOffset Modified) _cdbSeen;

    /// <summary>The controlling user.</summary>
    /// <param name="local">The part before the last @.</param>
    /// <param name="domain">The part after it.</param>
    /// <param name="error">The report where the user cannot be told.</param>
    /// <returns>Null with a report in <paramref name="error"/>.</returns>
    internal UserEntry? Find(byte[] local, byte[] domain, out Outcome error)
    {
        error = default;
        try
        {
            return FindInCdb(local)
                ?? FindVirtual(local, domain)
                ?? (singleUser ? Alias(local) : FindOnHost(local))
                ?? Refuse("ZUnable to find alias user!\n", out error);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            return Refuse("ZTrouble reading users/cdb in qmail-lspawn.\n", out error);
        }
        catch (Exception e) when (e is ConfigurationException or IOException)
        {
            return Refuse("ZTemporary failure in qmail-lspawn.\n", out error);
        }
    }

    private static UserEntry? Refuse(string report, out Outcome error)
    {
        error = Outcome.Retry(report[1..]);
        return null;
    }

    private UserEntry? FindInCdb(byte[] local)
    {
        byte[] image = Cdb();
        if (image.Length == 0)
        {
            return null;
        }

        byte[] key = [(byte)'!', .. Ascii8.ToLower(local), 0];
        if (Kopis.Base.Cdb.TryFind(image, key, out ReadOnlySpan<byte> data))
        {
            return Parse(data, []);
        }

        // The empty key lists the last bytes of all wildcards.
        Kopis.Base.Cdb.TryFind(image, [], out ReadOnlySpan<byte> breaks);
        for (int length = local.Length; length >= 0; length--)
        {
            if ((length == 0 || breaks.Contains(key[length]))
                && Kopis.Base.Cdb.TryFind(image, key.AsSpan(0, length + 1), out data))
            {
                return Parse(data, local[length..]);
            }
        }

        return null;
    }

    private static UserEntry Parse(ReadOnlySpan<byte> data, byte[] rest)
    {
        byte[][] fields = new byte[6][];
        for (int i = 0; i < fields.Length; i++)
        {
            int end = data.IndexOf((byte)0);
            if (end < 0)
            {
                throw new InvalidDataException("A record of users/cdb lacks a field.");
            }

            fields[i] = data[..end].ToArray();
            data = data[(end + 1)..];
        }

        return new UserEntry(
            fields[0], Number(fields[1]), Number(fields[2]), fields[3], fields[4],
            [.. fields[5], .. rest]);
    }

    private static uint Number(byte[] text) =>
        Utf8Parser.TryParse(text, out uint value, out int used) && used == text.Length
            ? value
            : throw new InvalidDataException("A record of users/cdb has a bad number.");

    private byte[] Cdb()
    {
        string path = Path.Combine(home, "users", "cdb");
        if (Fd.TryStatus(Fd.PathBytes(path), out int errno) is not { } status)
        {
            return errno == Errno.NoEntry ? [] : throw new PosixException("stat users/cdb", errno);
        }

        var now = (status.Inode, status.Size, status.Modified);
        if (now != _cdbSeen && status.Size <= CdbBytesMax)
        {
            _cdb = File.ReadAllBytes(path);
            _cdbSeen = now;
        }

        return _cdb;
    }

    /// <summary>The address itself, then shorter parts before a dash, the rest as extension.
    /// </summary>
    private UserEntry? FindVirtual(byte[] local, byte[] domain)
    {
        for (int length = local.Length; length > 0; length--)
        {
            bool whole = length == local.Length;
            if (!whole && local[length] != (byte)'-')
            {
                continue;
            }

            byte[] address = [.. local[..length], (byte)'@', .. domain];
            if (_virtual.Find(address) is { } mailbox)
            {
                return ToEntry(mailbox, local[..length],
                    whole ? [] : "-"u8.ToArray(), whole ? [] : local[(length + 1)..]);
            }
        }

        return null;
    }

    private static UserEntry ToEntry(
        VirtualMailbox mailbox, byte[] user, byte[] dash, byte[] ext)
    {
        byte[] path = Encoding.UTF8.GetBytes(mailbox.Home);
        FileStatus owner = Fd.TryStatus([.. path, 0], out int errno)
            ?? throw new PosixException($"stat {mailbox.Home}", errno);
        return new UserEntry(user, owner.Uid, owner.Gid, path, dash, ext);
    }

    private static UserEntry? FindOnHost(byte[] local)
    {
        for (int length = local.Length; length > 0; length--)
        {
            bool whole = length == local.Length;
            if ((!whole && local[length] != (byte)'-') || length > UserNameMax)
            {
                continue;
            }

            byte[] name = Ascii8.ToLower(local.AsSpan(0, length));
            if (!name.AsSpan().Contains((byte)0)
                && UnixUsers.ByName(Encoding.UTF8.GetString(name)) is { Uid: not 0 } user
                && OwnsHome(user))
            {
                return new UserEntry(
                    name, user.Uid, user.Gid, Encoding.UTF8.GetBytes(user.Home),
                    whole ? [] : "-"u8.ToArray(), whole ? [] : local[(length + 1)..]);
            }
        }

        return UnixUsers.ByName("alias") is { } alias
            ? new UserEntry(
                "alias"u8.ToArray(), alias.Uid, alias.Gid, Encoding.UTF8.GetBytes(alias.Home),
                "-"u8.ToArray(), local)
            : null;
    }

    private static bool OwnsHome(UnixUser user)
    {
        FileStatus? status = Fd.TryStatus(Fd.PathBytes(user.Home), out int errno);
        return status is not null || errno is Errno.NoEntry or Errno.NotDirectory
            ? status?.Uid == user.Uid
            : throw new PosixException($"stat {user.Home}", errno);
    }

    private UserEntry Alias(byte[] local) => new(
        "alias"u8.ToArray(), Processes.Uid, Processes.Gid,
        Encoding.UTF8.GetBytes(Path.Combine(home, "alias")), "-"u8.ToArray(), local);
}
