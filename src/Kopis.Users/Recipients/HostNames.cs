using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>Whether a name belongs to a person in /etc/passwd. Such a person gets mail before a
/// domain's catch-all does, unless <c>control/catchallfirst</c> lists the domain. Users that only
/// the name service knows are not looked up here: the catch-all comes before them.</summary>
/// <param name="home">The qmail home.</param>
internal sealed class HostNames(string home)
{
    private const int NameBytesMax = 31; // As in qmail-getpw.
    private const uint FirstPerson = 1000; // UID_MIN of login.defs(5).

    private readonly PasswdTable _table = new("/etc/passwd", "/etc/group");
    private readonly ControlDirectory _control = new(Path.Combine(home, "control"));

    /// <summary>Whether a user of the host has the name, by qmail-getpw's rules (contract §7.3),
    /// and comes before the catch-all.</summary>
    /// <exception cref="PosixException">/etc/passwd cannot be read.</exception>
    /// <exception cref="ConfigurationException">The control file cannot be read.</exception>
    internal bool ComeFirst(ReadOnlySpan<byte> local, ReadOnlySpan<byte> domain)
    {
        Dictionary<string, (uint Uid, uint Gid, string Home)> users = _table.Current().Users;
        string name = ByteText.ToText(Ascii8.ToLower(local));
        for (int end = name.Length; end > 0; end = name.LastIndexOf('-', end - 1))
        {
            if (end <= NameBytesMax && users.TryGetValue(name[..end], out var user)
                && user.Uid >= FirstPerson
                && Fd.TryStatus(Fd.PathBytes(user.Home), out _) is { } there
                && there.Uid == user.Uid)
            {
                return !ConstMap.Set(_control.ReadList(SmtpFiles.CatchAllFirst) ?? [])
                    .Contains(domain);
            }
        }

        return false;
    }
}
