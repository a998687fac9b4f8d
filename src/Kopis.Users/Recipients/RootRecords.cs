using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>Checks a user whom another program has found against files that only root can change. A
/// virtual mailbox is below <c>users/mail</c> and belongs to the owner of that directory; for
/// others see <see cref="PasswdFile"/>.</summary>
/// <param name="home">The qmail home.</param>
public sealed class RootRecords(string home)
{
    private readonly PasswdFile _passwd = new();
    private readonly byte[] _mail = Fd.PathBytes(Path.Combine(home, "users", "mail"));

    /// <summary>Whether the files confirm the user.</summary>
    /// <exception cref="PosixException">A file cannot be read.</exception>
    public bool Confirms(RecipientUser user)
    {
        byte[] below = [.. _mail[..^1], (byte)'/'];
        if (!user.Home.AsSpan().StartsWith(below))
        {
            return _passwd.Confirms(user.Name, user.Uid, user.Gid, user.Home);
        }

        return user.Uid != 0 && user.Gid != 0 && user.Home.AsSpan().IndexOf("/.."u8) < 0
            && Fd.TryStatus(_mail, out _, followLinks: false) is { IsDirectory: true } status
            && (status.Uid, status.Gid) == (user.Uid, user.Gid);
    }
}
