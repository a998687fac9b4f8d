using Kopis.Base;

namespace Kopis.Users.Recipients;

/// <summary>/etc/passwd and /etc/group, which only root writes, read without the name service and
/// read again when they change. What a process that is not root says about a user gives rights only
/// if these files confirm it. May be used from many threads.</summary>
/// <param name="users">The file of users.</param>
/// <param name="groups">The file of groups.</param>
public sealed class PasswdFile(string users = "/etc/passwd", string groups = "/etc/group")
{
    private const uint UsersGroup = 100; // "users", which all people share on some hosts.
    private static readonly string[] Own =
        ["qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails", "qmailw"];

    private readonly PasswdTable _table = new(users, groups);

    /// <summary>Whether a delivery or a session may run with these ids. The user must be exactly as
    /// in the file. Or name, uid and gid must all be absent from the files, as those of LDAP users
    /// are, and not be system ids (<see cref="IsPerson"/>; a gid may be 100). Root is never
    /// confirmed, nor a user of Kopis other than alias.</summary>
    /// <exception cref="Posix.PosixException">A file cannot be read.</exception>
    public bool Confirms(ReadOnlySpan<byte> name, uint uid, uint gid, ReadOnlySpan<byte> home)
    {
        PasswdTable.Entries known = _table.Current();
        bool isOwn = Own.Any(own => known.Users.TryGetValue(own, out var it) && it.Uid == uid);
        return uid is not (0 or uint.MaxValue) && gid is not (0 or uint.MaxValue) && !isOwn
            && (known.Users.TryGetValue(ByteText.ToText(name), out var user)
                ? user == (uid, gid, ByteText.ToText(home))
                : IsPerson(uid) && !known.Uids.Contains(uid)
                    && (gid == UsersGroup || (IsPerson(gid) && !known.Gids.Contains(gid))));
    }

    // Ids of persons begin at UID_MIN of login.defs(5). Ids that systemd gives to services with
    // DynamicUser=, and the nobody users of 16 bits, are in no file and are not persons
    // (systemd.io/UIDS-GIDS).
    private static bool IsPerson(uint id) => id is >= 1000 and (< 61184 or > 65535);
}
