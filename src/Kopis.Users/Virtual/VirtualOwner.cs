using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Virtual;

/// <summary>
/// Whose all virtual mailboxes are: root says it by the owner of <c>users/mail</c> itself, a
/// directory in root's <c>users</c>. Nothing in it or below says anything: that is its owner's to
/// change. A link in its place is none.
/// </summary>
public static class VirtualOwner
{
    /// <summary>User and group; null if there is no such directory.</summary>
    /// <param name="homeDirectory">The qmail home.</param>
    public static (uint Uid, uint Gid)? Find(string homeDirectory) =>
        OwnerOf(MailDirectory(homeDirectory));

    /// <summary>As above.</summary>
    /// <exception cref="ConfigurationException">There is no such directory.</exception>
    public static (uint Uid, uint Gid) Of(string homeDirectory) =>
        Find(homeDirectory) ?? throw new ConfigurationException(
            $"{MailDirectory(homeDirectory)}: not a directory, so virtual users have no owner");

    /// <summary>Who forwards for aliases: the owner of <c>alias</c>, which is in root's home.
    /// </summary>
    public static (uint Uid, uint Gid)? FindAlias(string homeDirectory) =>
        OwnerOf(Path.Combine(homeDirectory, "alias"));

    private static string MailDirectory(string homeDirectory) =>
        Path.Combine(VirtualUsers.UsersDirectory(homeDirectory), "mail");

    private static (uint Uid, uint Gid)? OwnerOf(string path) =>
        Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false)
            is { IsDirectory: true } status
                ? (status.Uid, status.Gid)
                : null;
}
