using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Control;

/// <summary>Changes <c>users/virtual</c>: one writer at a time, each change whole or not at all.
/// </summary>
public sealed class VirtualUsersFile : IDisposable
{
    private const int OwnerOnly = 0x180; // 0600: it holds password hashes.
    private const int DirectoryMode = 0x1C0; // 0700

    private readonly string _users;
    private readonly string _path;
    private readonly Dictionary<string, VirtualMailbox> _mailboxes;
    private readonly int _lock;

    /// <summary>Takes the lock and reads the file.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="ConfigurationException">The file cannot be understood.</exception>
    public VirtualUsersFile(string homeDirectory)
    {
        _users = Path.Combine(homeDirectory, "users");
        _path = VirtualUsers.FileName(homeDirectory);
        _lock = Fd.Open(_path + ".lock", OpenFlags.ReadWrite | OpenFlags.Create, OwnerOnly);
        Fd.LockExclusive(_lock);
        try
        {
            _mailboxes = File.Exists(_path)
                ? VirtualUsers.Parse(_users, File.ReadAllBytes(_path))
                : [];
        }
        catch
        {
            Fd.Close(_lock);
            throw;
        }
    }

    /// <summary>The user; null if there is none.</summary>
    public VirtualMailbox? Find(string address) => _mailboxes.GetValueOrDefault(address);

    /// <summary>Adds a user, or changes its hash.</summary>
    public VirtualMailbox Set(string address, string passwordHash)
    {
        int at = address.LastIndexOf('@');
        string home = Path.Combine(_users, "mail", address[(at + 1)..], address[..at]);
        VirtualMailbox mailbox = new(address, home, passwordHash);
        _mailboxes[address] = mailbox;
        return mailbox;
    }

    /// <summary>Makes a user's mailbox and adds the user, durably.</summary>
    /// <exception cref="IOException">The mailbox cannot be made.</exception>
    public VirtualMailbox Add(string address, string passwordHash)
    {
        VirtualMailbox mailbox = Set(address, passwordHash);
        string domain = Path.GetDirectoryName(mailbox.Home)!;
        string maildir = Path.Combine(mailbox.Home, "Maildir");
        foreach (string directory in (string[])
        [
            Path.GetDirectoryName(domain)!, domain, mailbox.Home, maildir,
            Path.Combine(maildir, "tmp"), Path.Combine(maildir, "new"),
            Path.Combine(maildir, "cur"),
        ])
        {
            if (Paths.TryMakeDirectory(directory, DirectoryMode))
            {
                KeepOwner(directory);
            }
        }

        Save();
        return mailbox;
    }

    /// <summary>Takes a user out.</summary>
    public bool Remove(string address) => _mailboxes.Remove(address);

    /// <summary>Puts the new content in the old one's place, durably.</summary>
    public void Save()
    {
        string temporary = _path + ".tmp";
        IEnumerable<string> lines = _mailboxes.Values
            .OrderBy(user => user.Address, StringComparer.Ordinal)
            .Select(user => $"{user.Address}:{user.PasswordHash}:"
                + $"{Path.GetRelativePath(_users, user.Home)}\n");
        int fd = Fd.Open(
            temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, OwnerOnly);
        try
        {
            Fd.WriteAll(fd, ByteText.ToBytes(string.Concat(lines)));
            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }

        KeepOwner(temporary);
        Paths.Rename(temporary, _path);
        Fd.SyncDirectory(_users);
    }

    /// <summary>Lets the next writer in.</summary>
    public void Dispose() => Fd.Close(_lock);

    /// <summary>Root's change must not take the file away from those who read it.</summary>
    private void KeepOwner(string path)
    {
        if (Processes.EffectiveUid == 0
            && Fd.TryStatus(Fd.PathBytes(_users), out _) is { } directory)
        {
            Paths.ChangeOwner(path, directory.Uid, directory.Gid);
        }
    }
}
