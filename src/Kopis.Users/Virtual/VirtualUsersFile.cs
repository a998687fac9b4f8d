using Kopis.Posix;

namespace Kopis.Users.Virtual;

/// <summary>Changes <c>users/virtual</c> and its index. One writer runs at a time, and each change
/// is made whole or not at all. Comments and order are kept. In a directory that belongs to another
/// user, root has that user do the work.</summary>
public sealed class VirtualUsersFile : IDisposable
{
    private const int OwnerOnly = 0x1C0; // 0700

    private readonly string _home;
    private readonly string _users;
    private readonly TableWriter _table;

    /// <summary>Takes the lock and reads the file.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="Base.ConfigurationException">The file cannot be parsed.</exception>
    public VirtualUsersFile(string homeDirectory)
    {
        _home = homeDirectory;
        _users = VirtualUsers.UsersDirectory(homeDirectory);
        _table = new TableWriter(_users, VirtualUsers.Format);
    }

    /// <summary>The user; null if there is none.</summary>
    public VirtualMailbox? Find(string address) => _table.Find(address) is { } rest
        ? VirtualUsers.ParseLine(_users, address, rest)
        : null;

    /// <summary>The path of a new user's mailbox.</summary>
    public string HomeOf(string address) =>
        Path.Combine(_users, "mail", VirtualAddress.PathOf(address));

    /// <summary>Adds a user, or changes its hash; a user that exists keeps the mailbox.</summary>
    public VirtualMailbox Set(string address, string passwordHash)
    {
        VirtualMailbox mailbox = Find(address) is { } old
            ? old with { PasswordHash = passwordHash }
            : new VirtualMailbox(address, HomeOf(address), passwordHash);
        _table.Set(address, $"{passwordHash}:{Path.GetRelativePath(_users, mailbox.Home)}");
        return mailbox;
    }

    /// <summary>Makes a user's mailbox and adds the user, durably.</summary>
    /// <exception cref="IOException">The mailbox cannot be made.</exception>
    public VirtualMailbox Add(string address, string passwordHash)
    {
        VirtualMailbox mailbox = Set(address, passwordHash);
        MakeMailbox(mailbox);
        Save();
        return mailbox;
    }

    /// <summary>Makes a user's home and Maildir, durably, as their owner.</summary>
    /// <exception cref="IOException">They cannot be made.</exception>
    public void MakeMailbox(VirtualMailbox mailbox)
    {
        string mail = Path.Combine(_users, "mail");
        MakeDirectory(mail);
        string maildir = Path.Combine(mailbox.Home, "Maildir");
        string[] places =
        [
            Path.GetDirectoryName(mailbox.Home)!, mailbox.Home, maildir,
            .. ((string[])["tmp", "new", "cur"]).Select(name => Path.Combine(maildir, name)),
        ];
        if (ProcessIdentity.ForWorkIn(mail) is { } owner)
        {
            OwnerWork.Run(owner, [], ["make-directories", .. places]);
        }
        else
        {
            Array.ForEach(places, MakeDirectory);
        }
    }

    /// <summary>Removes a user; the mail stays.</summary>
    public bool Remove(string address) => _table.Remove(address);

    /// <summary>Deletes the mailbox of a removed user with all its mail.</summary>
    /// <exception cref="IOException">Some of it cannot be deleted.</exception>
    public void DeleteMail(VirtualMailbox mailbox)
    {
        string mail = Path.Combine(_users, "mail");
        if (Directory.Exists(mail) && ProcessIdentity.ForWorkIn(mail) is { } owner)
        {
            OwnerWork.Run(owner, [], "delete-mail", mailbox.Home);
        }
        else
        {
            DeleteTree(mailbox.Home);
        }
    }

    /// <summary>Makes a directory for its owner alone, unless it exists.</summary>
    public static void MakeDirectory(string path)
    {
        if (Paths.TryMakeDirectory(path, OwnerOnly))
        {
            Fd.SyncDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Deletes a mailbox if it exists.</summary>
    public static string DeleteTree(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        return "";
    }

    /// <summary>Replaces the file, durably; and Dovecot's file, if there is one.</summary>
    public void Save()
    {
        _table.Save();
        if (DovecotPasswd.Exists(_home))
        {
            WriteDovecotPasswd();
        }
    }

    /// <summary>Makes Dovecot's file from the users.</summary>
    /// <exception cref="Base.ConfigurationException">Virtual users have no owner, or a home has
    /// characters that the format does not allow.</exception>
    public void WriteDovecotPasswd()
    {
        (uint uid, uint gid) = VirtualOwner.Of(_home);
        IEnumerable<VirtualMailbox> users = VirtualUsers.Parse(_users, _table.Content).Values;
        DovecotPasswd.Replace(_home, DovecotPasswd.Format(users, uid, gid));
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _table.Dispose();
}
