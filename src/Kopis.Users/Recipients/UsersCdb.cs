using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Users.Recipients;

/// <summary><c>users/cdb</c>, as qmail-newu writes it (contract §7.2, §7.4). Read again when it has
/// changed.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="complain">Logs why it cannot be read, at most five times a minute; null: no log.
/// </param>
public sealed class UsersCdb(string home, Action<string>? complain = null)
{
    private readonly LogThrottle? _troubles =
        complain is null ? null : new LogThrottle(complain, TimeProvider.System);

    private readonly byte[] _path = Fd.PathBytes(Path.Combine(home, "users", "cdb"));
    private byte[] _image = [];
    private (ulong Inode, long Size, DateTimeOffset Modified) _seen;

    /// <summary>Looks up a local part.</summary>
    public LookupResult Find(ReadOnlySpan<byte> local)
    {
        try
        {
            return TryLoad() ? Find(_image, local) : LookupResult.Nobody;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            _troubles?.Write(
                "alert: users/cdb", $"alert: unable to look into users/cdb: {e.Message}");
            return LookupResult.Trouble(SpawnCode.Cdb);
        }
    }

    /// <summary>Looks up a local part in the bytes of a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static LookupResult Find(ReadOnlySpan<byte> image, ReadOnlySpan<byte> local)
    {
        // The record with the empty key lists the last characters of all wildcards, which saves
        // most lookups.
        if (!Cdb.TryFind(image, [], out ReadOnlySpan<byte> wildcardEnds))
        {
            throw new InvalidDataException("users/cdb has no record of its wildcards.");
        }

        byte[] key = [(byte)'!', .. Ascii8.ToLower(local), 0];
        if (Cdb.TryFind(image, key, out ReadOnlySpan<byte> data))
        {
            return LookupResult.Parse([.. data, 0]);
        }

        for (int end = key.Length - 1; end > 0; end--)
        {
            if ((end == 1 || wildcardEnds.Contains(key[end - 1]))
                && Cdb.TryFind(image, key.AsSpan(0, end), out data))
            {
                // The rest of the local part, in the sender's case, is appended to ext.
                return LookupResult.Parse([.. data, .. local[(end - 1)..], 0]);
            }
        }

        return LookupResult.Nobody;
    }

    private bool TryLoad()
    {
        if (Fd.TryStatus(_path, out int errno) is not { } status)
        {
            return errno == Errno.NoEntry ? false : throw new PosixException("users/cdb", errno);
        }

        var now = (status.Inode, status.Size, status.Modified);
        if (now != _seen)
        {
            int fd = Fd.TryOpen(
                _path, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out errno);
            _image = BoundedFile.TryTake(fd, TableReader.TextBytesMax, ref errno)
                ?? throw new PosixException("users/cdb", errno);
            _seen = now;
        }

        return true;
    }
}
