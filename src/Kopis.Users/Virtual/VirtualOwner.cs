using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Virtual;

/// <summary>The owner of all virtual mailboxes: the owner of <c>users/mail</c> itself, a directory
/// in root's <c>users</c>. Owners of what is in it do not count, since its owner can change them. A
/// link in its place does not count as a directory.</summary>
public static class VirtualOwner
{
    /// <summary>The owner's uid and gid; null if there is no such directory.</summary>
    /// <param name="homeDirectory">The qmail home.</param>
    public static (uint Uid, uint Gid)? Find(string homeDirectory) =>
        OwnerOf(MailDirectory(homeDirectory));

    /// <summary>The same, with an exception.</summary>
    /// <exception cref="ConfigurationException">There is no such directory.</exception>
    public static (uint Uid, uint Gid) Of(string homeDirectory) =>
        Find(homeDirectory) ?? throw new ConfigurationException(
            $"{MailDirectory(homeDirectory)}: not a directory, so virtual users have no owner");

    /// <summary>The user who forwards for aliases: the owner of <c>alias</c>, a directory in root's
    /// home.</summary>
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
