using Kopis.Base;

namespace Kopis.Users.Recipients;

/// <summary>
/// Root's word about users: /etc/passwd and /etc/group, read without the name service and read
/// again when they change. What a process that is not root says about a user gives rights only
/// where these files confirm it. May be used from many threads.
/// </summary>
/// <param name="users">The file of users.</param>
/// <param name="groups">The file of groups.</param>
public sealed class PasswdFile(string users = "/etc/passwd", string groups = "/etc/group")
{
    private const uint UsersGroup = 100; // "users", the group of people where all share one.
    private static readonly string[] Own =
        ["qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails", "qmailw"];

    private readonly PasswdTable _table = new(users, groups);

    /// <summary>
    /// Whether a delivery or a session may run so: a user exactly as in the file; or one whose
    /// name, uid and gid are all absent from the files, as those of LDAP are, and are no system's
    /// (<see cref="IsPerson"/>; a gid may be 100). Never root, nor a user of Kopis but alias.
    /// </summary>
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

    // From UID_MIN of login.defs(5) on; those that systemd gives to services with DynamicUser= and
    // the nobodies of 16 bits, which are in no file, are not (systemd.io/UIDS-GIDS).
    private static bool IsPerson(uint id) => id is >= 1000 and (< 61184 or > 65535);
}
