using System.Globalization;
using Kopis.Base;
using Kopis.Host.Install;
using Kopis.Posix;

namespace Kopis.Host.Backup;

/// <summary>Reads the files of a home for a backup. Everything is opened below the home, without
/// following links and without waiting. A file counts only if it belongs to root or to the owner of
/// the top directory that it is in, or if that directory is root's. So a user's link to another's
/// file adds nothing to the backup.</summary>
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

    /// <summary>All entries so far, by path.</summary>
    internal SortedDictionary<string, BackupEntry> Entries { get; } =
        new(StringComparer.Ordinal);

    /// <summary>Reads a directory with everything below it.</summary>
    /// <param name="room">The directory, relative to the home.</param>
    /// <param name="withMail">Whether to read mailboxes too.</param>
    internal void AddRoom(string room, bool withMail)
    {
        if (TryStatus(room) is { IsDirectory: true } status)
        {
            AddDirectory(room, status, status.Uid, withMail, 0);
        }
    }

    /// <summary>Adds a directory without its content.</summary>
    internal FileStatus? AddBareDirectory(string path)
    {
        if (TryStatus(path) is not { IsDirectory: true } status)
        {
            return null;
        }

        Put(Describe(BackupKind.Directory, path, status, DirectoryModes));
        return status;
    }

    /// <summary>The names in a directory; empty if it does not exist.</summary>
    internal List<string> Names(string directory) => _tree.TryList(directory, out _) ?? [];

    /// <summary>Reads a file, or uses what earlier backups know of it.</summary>
    /// <param name="path">The path relative to the home.</param>
    /// <param name="owner">The owner that the file must have.</param>
    /// <param name="bytesMax">The most bytes to read.</param>
    /// <returns>False if the file is gone or is left out.</returns>
    internal bool TryAddFile(string path, uint owner, long bytesMax = long.MaxValue)
    {
        int fd = _tree.TryOpen(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        if (fd < 0)
        {
            if (errno is Errno.NoEntry or Errno.Loop or Errno.NoDeviceOrAddress)
            {
                return false; // It is gone, a link or a socket.
            }

            if (owner == 0)
            {
                throw new PosixException(
                    $"open {LogText.Safe(RawText.ToBytes(path))}", errno);
            }

            // Its owner may have caused this, which must not stop the whole backup.
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

            // The queue itself frees finished parts in the middle of its files.
            if (owner != 0 && !path.StartsWith(Queue, StringComparison.Ordinal)
                && BoundedFile.IsMostlyHole(fd, status.Size))
            {
                _progress.Warn("left out: most of it is a hole", path);
                return false;
            }

            long size = Math.Min(status.Size, bytesMax); // A file that grows is read to here.
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

    /// <summary>Adds a file of ours in place of a file of the home.</summary>
    /// <param name="path">The path relative to the home.</param>
    /// <param name="file">The content.</param>
    /// <param name="room">The directory's status; the file gets its owner.</param>
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
            // Only a link of root in a directory of root may lead elsewhere.
            FileStatus status = Fd.TryStatus(
                Fd.PathBytes(Path.Combine(_home, path)), out _, followLinks: false) ?? default;
            Put(Describe(BackupKind.Link, path, status, 0) with { Content = target });
        }
    }

    /// <summary>A mail reader may have moved or marked a message after the names were read. So
    /// messages that are in a maildir now, but not in the backup under their first name, are looked
    /// for again.</summary>
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
