using System.Globalization;
using Kopis.Base;
using Kopis.Host.Install;
using Kopis.Posix;

namespace Kopis.Host.Backup;

/// <summary>
/// The files of a home, for a backup. All is opened beneath the home, through no link, without
/// waiting; and a file counts only if it belongs to the owner of the room that it is in, or to
/// root, or if the room is root's: a user's link to another's file brings nothing in.
/// </summary>
internal sealed class HomeReader : IDisposable
{
    private const int DepthMax = 32;
    private const int DirectoryModes = 0x5FF; // 02777
    private const int FileModes = 0x1FF; // 0777
    private const int RaceTries = 5;
    private const string Mail = "users/mail";
    private const string Queue = "queue/";

    private readonly Beneath _tree;
    private readonly string _home;
    private readonly BackupProgress _progress;
    private readonly BackupStore _store;
    private readonly BackupMemory _memory;
    private readonly Dictionary<uint, string> _users;
    private readonly Dictionary<uint, string> _groups;

    internal HomeReader(
        string home, BackupStore store, BackupMemory memory, BackupProgress progress)
    {
        (_home, _store, _memory, _progress) = (home, store, memory, progress);
        _tree = new Beneath(home);
        _users = new Dictionary<uint, string> { [0] = "root" };
        _groups = new Dictionary<uint, string> { [0] = "root" };
        if (Processes.EffectiveUid == 0)
        {
            foreach (HomeUser user in HomeManifest.Users)
            {
                if (UnixUsers.ByName(user.Name) is { } found)
                {
                    _users[found.Uid] = user.Name;
                }
            }

            foreach (string group in HomeManifest.Groups)
            {
                if (UnixGroups.ByName(group) is { } gid)
                {
                    _groups[gid] = group;
                }
            }
        }
    }

    /// <summary>All entries so far, by their paths.</summary>
    internal SortedDictionary<string, BackupEntry> Entries { get; } =
        new(StringComparer.Ordinal);

    /// <summary>Reads a room with all below it.</summary>
    /// <param name="room">The directory, relative to the home.</param>
    /// <param name="withMail">Whether mailboxes are read too.</param>
    internal void AddRoom(string room, bool withMail)
    {
        if (TryStatus(room) is { IsDirectory: true } status)
        {
            AddDirectory(room, status, status.Uid, withMail, 0);
        }
    }

    /// <summary>Adds a directory without what is in it.</summary>
    internal FileStatus? AddBareDirectory(string path)
    {
        if (TryStatus(path) is not { IsDirectory: true } status)
        {
            return null;
        }

        Put(Describe(BackupKind.Directory, path, status, DirectoryModes));
        return status;
    }

    /// <summary>Names in a directory; none where there is none.</summary>
    internal List<string> Names(string directory) => _tree.TryList(directory, out _) ?? [];

    /// <summary>Reads a file, or keeps what is known of it.</summary>
    /// <param name="path">Relative to the home.</param>
    /// <param name="owner">Whose it has to be.</param>
    /// <param name="bytesMax">Only so much of it.</param>
    /// <returns>False if it is gone, or left out.</returns>
    internal bool TryAddFile(string path, uint owner, long bytesMax = long.MaxValue)
    {
        int fd = _tree.TryOpen(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        if (fd < 0)
        {
            if (errno is Errno.NoEntry or Errno.Loop or Errno.NoDeviceOrAddress)
            {
                return false; // Gone; a link; a socket.
            }

            if (owner == 0)
            {
                throw new PosixException(
                    $"open {LogText.Safe(RawText.ToBytes(path))}", errno);
            }

            // Its owner's doing, perhaps: that stops nobody else's backup.
            _progress.Warn($"left out: {ErrorText.Of(errno)}", path);
            return false;
        }

        try
        {
            FileStatus status = Fd.Status(fd);
            if (!status.IsRegular)
            {
                return false;
            }

            if (owner != 0 && status.Uid != owner && status.Uid != 0)
            {
                _progress.Warn($"left out: it belongs to user {status.Uid}", path);
                return false;
            }

            // The queue itself frees what is done with in the midst of its files.
            if (owner != 0 && !path.StartsWith(Queue, StringComparison.Ordinal)
                && BoundedFile.IsMostlyHole(fd, status.Size))
            {
                _progress.Warn("left out: most of it is a hole", path);
                return false;
            }

            long size = Math.Min(status.Size, bytesMax); // What grows is read no further.
            Put(Describe(BackupKind.File, path, status, FileModes) with
            {
                Size = size,
                ModifiedTicks = status.Modified.UtcTicks,
                Inode = status.Inode,
            }, fd, size);
            return true;
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>Adds a file of ours in the place of one of the home's.</summary>
    /// <param name="path">Relative to the home.</param>
    /// <param name="file">What is to be there.</param>
    /// <param name="room">The directory's status, whose owner it gets.</param>
    internal void AddMade(string path, string file, FileStatus room)
    {
        int fd = Fd.Open(file, OpenFlags.ReadOnly);
        try
        {
            const int ownerAlone = 0x180; // 0600
            FileStatus status = Fd.Status(fd);
            Put(Describe(BackupKind.File, path, room, 0) with
            {
                Mode = ownerAlone,
                Size = status.Size,
                ModifiedTicks = status.Modified.UtcTicks,
            }, fd, long.MaxValue);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _tree.Dispose();

    private void AddDirectory(
        string path, FileStatus status, uint owner, bool withMail, int depth)
    {
        Put(Describe(BackupKind.Directory, path, status, DirectoryModes));
        if (path == Mail && !withMail)
        {
            return;
        }

        if (depth == DepthMax)
        {
            _progress.Warn("left out: directories are too deep", path);
            return;
        }

        List<string> names = Names(path);
        bool isMaildir = MailNames.IsMaildir(names);
        if (isMaildir && !withMail)
        {
            Entries.Remove(path);
            return;
        }

        foreach (string name in names.Order(StringComparer.Ordinal))
        {
            string below = $"{path}/{name}";
            if (!MailNames.IsLeftOut(path, name, withMail))
            {
                AddAny(below, owner, withMail, depth);
            }
        }

        if (isMaildir)
        {
            FindMoved(path, owner);
        }
    }

    private void AddAny(string path, uint owner, bool withMail, int depth)
    {
        if (TryStatus(path) is { IsDirectory: true } directory)
        {
            AddDirectory(
                path, directory, path == Mail ? directory.Uid : owner, withMail, depth + 1);
        }
        else if (!TryAddFile(path, owner) && path.StartsWith("control/", StringComparison.Ordinal)
            && new FileInfo(Path.Combine(_home, path)) is { LinkTarget: { } target })
        {
            // Only root's word, in root's directory, may lead elsewhere.
            FileStatus status = Fd.TryStatus(
                Fd.PathBytes(Path.Combine(_home, path)), out _, followLinks: false) ?? default;
            Put(Describe(BackupKind.Link, path, status, 0) with { Content = target });
        }
    }

    /// <summary>A reader may have moved a message, or marked it, after the names were read: what
    /// is in a maildir now and is not here by its first name is looked for again.</summary>
    private void FindMoved(string maildir, uint owner)
    {
        for (int i = 0; i < RaceTries; i++)
        {
            bool isWhole = true;
            foreach (string folder in (string[])["new", "cur"])
            {
                foreach (string name in Names($"{maildir}/{folder}"))
                {
                    string path = $"{maildir}/{folder}/{name}";
                    if (!_memory.IsHere(path))
                    {
                        isWhole = false;
                        TryAddFile(path, owner);
                    }
                }
            }

            if (isWhole)
            {
                return;
            }
        }
    }

    private FileStatus? TryStatus(string path) =>
        _tree.TryStatus(Fd.PathBytes(path), out _);

    private BackupEntry Describe(BackupKind kind, string path, FileStatus status, int modes) => new(
        kind, path, status.Permissions & modes, Name(_users, status.Uid),
        Name(_groups, status.Gid));

    private static string Name(Dictionary<uint, string> names, uint id) =>
        names.TryGetValue(id, out string? name) ? name : id.ToString(CultureInfo.InvariantCulture);

    private void Put(BackupEntry entry, int fd, long bytesMax)
    {
        if (_memory.Find(entry) is { } known && _store.Has(known, entry.Size))
        {
            _progress.Add(0);
            Put(entry with { Content = known });
            return;
        }

        (string hash, long size) = _store.Put(fd, bytesMax);
        _progress.Add(size);
        Put(entry with { Content = hash, Size = size });
    }

    private void Put(BackupEntry entry)
    {
        if (entry.Kind == BackupKind.File && _memory.Add(entry) is { } moved)
        {
            Entries.Remove(moved);
        }

        Entries[entry.Path] = entry;
    }
}
