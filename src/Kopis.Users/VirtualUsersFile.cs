using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// Changes <c>users/virtual</c>: one writer at a time, each change whole or not at all; comments
/// and order stay. Root acts as the owner of the directory that it changes, so that nothing which
/// the owner puts there, a link say, makes root touch another's file.
/// </summary>
public sealed class VirtualUsersFile : IDisposable
{
    private const int OwnerOnly = 0x180; // 0600: it holds password hashes.
    private const int DirectoryMode = 0x1C0; // 0700

    private readonly string _users;
    private readonly string _path;
    private readonly List<string> _lines = [];
    private readonly Dictionary<string, VirtualMailbox> _mailboxes = [];
    private int _lock = -1;

    /// <summary>Takes the lock and reads the file.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="ConfigurationException">The file cannot be understood.</exception>
    public VirtualUsersFile(string homeDirectory)
    {
        _users = Path.Combine(homeDirectory, "users");
        _path = VirtualUsers.FileName(homeDirectory);
        AsOwnerOf(_users, TakeLock);
        try
        {
            if (File.Exists(_path))
            {
                byte[] content = File.ReadAllBytes(_path);
                _mailboxes = VirtualUsers.Parse(_users, content);
                _lines.AddRange(ByteText.ToText(content).Split('\n'));
                if (_lines[^1].Length == 0)
                {
                    _lines.RemoveAt(_lines.Count - 1);
                }
            }
        }
        catch
        {
            Fd.Close(_lock);
            throw;
        }
    }

    /// <summary>The user; null if there is none.</summary>
    public VirtualMailbox? Find(string address) => _mailboxes.GetValueOrDefault(address);

    /// <summary>Where a new user's mailbox comes to lie.</summary>
    public string HomeOf(string address)
    {
        int at = address.LastIndexOf('@');
        return Path.Combine(_users, "mail", address[(at + 1)..], address[..at]);
    }

    /// <summary>Adds a user, or changes its hash; an old user keeps the mailbox.</summary>
    public VirtualMailbox Set(string address, string passwordHash)
    {
        VirtualMailbox mailbox = Find(address) is { } old
            ? old with { PasswordHash = passwordHash }
            : new VirtualMailbox(address, HomeOf(address), passwordHash);
        _mailboxes[address] = mailbox;
        string line = $"{address}:{passwordHash}:{Path.GetRelativePath(_users, mailbox.Home)}";
        int place = PlaceOf(address);
        if (place < 0)
        {
            _lines.Add(line);
        }
        else
        {
            _lines[place] = line;
        }

        return mailbox;
    }

    /// <summary>Makes a user's mailbox and adds the user, durably.</summary>
    /// <exception cref="IOException">The mailbox cannot be made.</exception>
    public VirtualMailbox Add(string address, string passwordHash)
    {
        VirtualMailbox mailbox = Set(address, passwordHash);
        string mail = Path.Combine(_users, "mail");
        AsOwnerOf(_users, () => MakeDirectory(mail));
        AsOwnerOf(mail, () =>
        {
            string maildir = Path.Combine(mailbox.Home, "Maildir");
            MakeDirectory(Path.GetDirectoryName(mailbox.Home)!);
            MakeDirectory(mailbox.Home);
            MakeDirectory(maildir);
            foreach (string name in (string[])["tmp", "new", "cur"])
            {
                MakeDirectory(Path.Combine(maildir, name));
            }
        });
        Save();
        return mailbox;
    }

    /// <summary>Takes a user out; the mail stays.</summary>
    public bool Remove(string address)
    {
        int place = PlaceOf(address);
        if (place >= 0)
        {
            _lines.RemoveAt(place);
        }

        return _mailboxes.Remove(address);
    }

    /// <summary>Deletes a removed user's mailbox with all mail.</summary>
    /// <exception cref="IOException">Something of it cannot be deleted.</exception>
    public void DeleteMail(VirtualMailbox mailbox)
    {
        AsOwnerOf(Path.Combine(_users, "mail"), () =>
        {
            if (Directory.Exists(mailbox.Home))
            {
                Directory.Delete(mailbox.Home, recursive: true);
            }
        });
    }

    /// <summary>Puts the new content in the old one's place, durably.</summary>
    public void Save() => AsOwnerOf(_users, Write);

    /// <summary>Lets the next writer in.</summary>
    public void Dispose() => Fd.Close(_lock);

    private void TakeLock()
    {
        _lock = Fd.Open(_path + ".lock", OpenFlags.ReadWrite | OpenFlags.Create, OwnerOnly);
        Fd.LockExclusive(_lock);
    }

    private int PlaceOf(string address) =>
        _lines.FindIndex(line => line.StartsWith(address + ":", StringComparison.Ordinal));

    private void Write()
    {
        string temporary = _path + ".tmp";
        int fd = Fd.Open(
            temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, OwnerOnly);
        try
        {
            Fd.WriteAll(fd, ByteText.ToBytes(string.Concat(_lines.Select(line => line + "\n"))));
            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }

        Paths.Rename(temporary, _path);
        Fd.SyncDirectory(_users);
    }

    private static void MakeDirectory(string path)
    {
        if (Paths.TryMakeDirectory(path, DirectoryMode))
        {
            Fd.SyncDirectory(Path.GetDirectoryName(path)!);
        }
    }

    private static void AsOwnerOf(string directory, Action action)
    {
        if (Processes.EffectiveUid == 0
            && Fd.TryStatus(Fd.PathBytes(directory), out _) is { Uid: not 0 } owner)
        {
            new ProcessIdentity(owner.Uid, owner.Gid, [owner.Gid]).RunAs(action);
        }
        else
        {
            action();
        }
    }
}
