using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Logins;

namespace Kopis.Users.Virtual;

/// <summary><c>users/dovecot.passwd</c>: the virtual users as a passwd-file for Dovecot's passdb
/// and userdb: <c>address:{SCRAM-SHA-256}iterations,salt,storedkey,serverkey:uid:gid::home::</c>.
/// Made on request, and from then on again at each change.</summary>
public static class DovecotPasswd
{
    private const int OwnerOnly = 0x180; // 0600
    private const int ModeMost = 0x1A0; // 0640: the owner may let Dovecot's group read it.

    /// <summary>The path of the file.</summary>
    public static string FileName(string homeDirectory) =>
        Path.Combine(VirtualUsers.UsersDirectory(homeDirectory), "dovecot.passwd");

    /// <summary>Whether a home has the file.</summary>
    public static bool Exists(string homeDirectory) =>
        Fd.TryStatus(Fd.PathBytes(FileName(homeDirectory)), out _, followLinks: false) is not null;

    /// <summary>Makes the content of the file. Pure.</summary>
    /// <exception cref="ConfigurationException">A home has characters that the format does not
    /// allow.</exception>
    public static byte[] Format(IEnumerable<VirtualMailbox> users, uint uid, uint gid)
    {
        StringBuilder text = new();
        foreach (VirtualMailbox user in users.OrderBy(user => user.Address, StringComparer.Ordinal))
        {
            if (user.Home.AsSpan().ContainsAny(':', '\n'))
            {
                throw new ConfigurationException(
                    $"the home of {user.Address} has a colon in its path", ExitCode.Permanent);
            }

            ScramKeys keys = PasswordHash.KeysOf(user.PasswordHash)
                ?? PasswordHash.KeysOf(PasswordHash.Unmatchable)!;
            text.Append(
                $"{user.Address}:{{SCRAM-SHA-256}}{keys.Iterations},"
                + $"{Convert.ToBase64String(keys.Salt)},"
                + $"{Convert.ToBase64String(keys.StoredKey)},"
                + $"{Convert.ToBase64String(keys.ServerKey)}:{uid}:{gid}::{user.Home}::\n");
        }

        return ByteText.ToBytes(text.ToString());
    }

    /// <summary>Replaces the file, durably. Owner, group, and mode up to 0640 are kept.</summary>
    /// <exception cref="IOException">The file could not be replaced; the old one is still there.
    /// </exception>
    internal static void Replace(string homeDirectory, byte[] content)
    {
        string path = FileName(homeDirectory);
        string temporary = path + ".tmp";
        FileStatus? old = Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false);
        Paths.Unlink(temporary); // Left by a run that was interrupted.
        int fd = Fd.Open(
            temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerOnly);
        try
        {
            if (old is { IsRegular: true } before)
            {
                Paths.ChangeOwner(temporary, before.Uid, before.Gid);
                Paths.ChangeMode(temporary, before.Permissions & ModeMost);
            }

            Fd.WriteAll(fd, content);
            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }

        BeNewer(temporary, old);
        Paths.Rename(temporary, path);
        Fd.SyncDirectory(VirtualUsers.UsersDirectory(homeDirectory));
    }

    /// <summary>Dovecot rereads the file when its time, in whole seconds, or its size has changed.
    /// A password changed within the same second would be missed, so the new file gets a later
    /// time.</summary>
    private static void BeNewer(string temporary, FileStatus? old)
    {
        if (old is { } before
            && DateTimeOffset.UtcNow.ToUnixTimeSeconds() <= before.Modified.ToUnixTimeSeconds())
        {
            File.SetLastWriteTimeUtc(temporary, before.Modified.UtcDateTime.AddSeconds(1));
        }
    }
}
