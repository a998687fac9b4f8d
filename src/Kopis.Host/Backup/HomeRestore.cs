using System.Globalization;
using Kopis.Base;
using Kopis.Host.Run;
using Kopis.Posix;
using Microsoft.Win32.SafeHandles;

namespace Kopis.Host.Backup;

/// <summary>Restores the files of a home from a backup, below the home and without following links.
/// Without <c>control/me</c> nothing is sent or received, so that file is removed first and
/// restored last; until then a marker tells kopis run about the restore. So a half-restored home is
/// not used, and the restore can be run again.</summary>
internal sealed class HomeRestore(
    string home, BackupManifest manifest, BackupStore store, BackupProgress progress)
{
    /// <summary>The name of a file in the home while it is written.</summary>
    internal const string Marker = "restoring";

    private const string Me = "control/me";
    private const int OwnerDirectory = 0x1C0; // 0700
    private const int OwnerFile = 0x180; // 0600
    private const int GroupModes = 0x438; // 02070
    private const int BlockBytes = 64 * 1024;

    // What ./install and kopis run create in a home before the first message.
    private static readonly string[] FirstFiles =
    [
        Me, "control/defaultdomain", "control/plusdomain", "control/locals", "control/rcpthosts",
        "control/tcprules.txt", "control/tcprules.dat", "control/servercert.pem",
        "alias/.qmail-postmaster", "alias/.qmail-mailer-daemon", "alias/.qmail-root",
        "queue/lock/sendmutex", "queue/lock/tcpto", "queue/lock/trigger", "queue/lock/writer",
        "users/queue.lock", "users/delivery.lock",
    ];

    private readonly byte[] _block = new byte[BlockBytes];
    private readonly Dictionary<string, uint> _users = [];
    private readonly Dictionary<string, uint> _groups = [];

    /// <summary>Checks that the home is new, and creates it.</summary>
    /// <exception cref="ConfigurationException">The home is not new, Kopis runs in it, or this host
    /// lacks its users.</exception>
    internal void Run()
    {
        FindOwners();
        Directory.CreateDirectory(home);
        using Beneath tree = new(home);
        if (tree.TryStatus("users") is null)
        {
            tree.MakeDirectory("users", OwnerDirectory);
        }

        HomeClaim.Acquire(home);
        foreach (string held in (string[])["sendmutex", "writer"])
        {
            if (FileLocks.IsHeld(Path.Combine(home, "queue/lock", held)))
            {
                throw new ConfigurationException(
                    $"Kopis runs in {home}; stop it first", ExitCode.Permanent);
            }
        }

        if (tree.TryStatus(Marker) is null)
        {
            RequireNew(tree, "", 0);
            Fd.Close(tree.Open(
                Marker, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerFile));
        }

        foreach (string name in FirstFiles.Where(name => !name.StartsWith(
            "users/", StringComparison.Ordinal) && !name.StartsWith(
            "queue/", StringComparison.Ordinal)))
        {
            tree.TryUnlink(name); // Only what the backup has may be here.
        }

        tree.SyncDirectory("");
        Make(tree);
        tree.TryUnlink(Marker);
        tree.SyncDirectory("");
    }

    private void Make(Beneath tree)
    {
        foreach (BackupEntry entry in manifest.Entries.Where(entry => entry.Path != Me))
        {
            Make(tree, entry);
        }

        // Their owners are set last: until then nobody else can change what is below them.
        foreach (BackupEntry entry in manifest.Entries.Reverse()
            .Where(entry => entry.Kind == BackupKind.Directory))
        {
            Own(tree, entry with { Path = $"{entry.Path}/." }); // Fails unless it is a directory.
        }

        foreach (BackupEntry users in manifest.Entries.Where(entry => entry.Path == "users"))
        {
            // Locks that we hold, and that whoever runs the home takes next.
            Own(tree, users with { Path = "users/queue.lock", Mode = OwnerFile });
            Own(tree, users with { Path = "users/delivery.lock", Mode = OwnerFile });
        }

        SyncAll(tree);
        foreach (BackupEntry entry in manifest.Entries.Where(entry => entry.Path == Me))
        {
            Make(tree, entry);
        }

        SyncAll(tree);
    }

    private void Make(Beneath tree, BackupEntry entry)
    {
        switch (entry.Kind)
        {
            case BackupKind.Directory:
                if (tree.TryStatus(entry.Path) is null)
                {
                    tree.MakeDirectory(entry.Path, OwnerDirectory);
                }

                break;
            case BackupKind.Link:
                tree.TryUnlink(entry.Path);
                tree.MakeLink(entry.Path, TargetOf(entry.Content));
                break;
            default:
                MakeFile(tree, entry);
                break;
        }
    }

    private void MakeFile(Beneath tree, BackupEntry entry)
    {
        int from = store.TryOpen(entry.Content);
        if (from < 0)
        {
            throw Damaged(entry);
        }

        tree.TryUnlink(entry.Path);
        int to = tree.Open(
            entry.Path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerFile);
        try
        {
            if (BackupStore.Copy(from, to, long.MaxValue, _block) != (entry.Content, entry.Size))
            {
                throw Damaged(entry);
            }

            // By descriptor, since its name may be in another user's directory.
            string file = $"/proc/self/fd/{to}";
            if (Processes.EffectiveUid == 0)
            {
                Paths.ChangeOwner(file, _users[entry.Owner], _groups[entry.Group]);
            }

            Paths.ChangeMode(file, Processes.EffectiveUid == 0 ? ModeOf(entry) : entry.Mode);
            using SafeFileHandle handle = new(to, ownsHandle: false);
            File.SetLastWriteTimeUtc(handle, new DateTime(entry.ModifiedTicks, DateTimeKind.Utc));
        }
        finally
        {
            Fd.Close(from);
            Fd.Close(to);
        }

        progress.Add(entry.Size);
    }

    private void Own(Beneath tree, BackupEntry entry)
    {
        if (Processes.EffectiveUid == 0)
        {
            tree.SetOwnerAndMode(
                entry.Path, _users[entry.Owner], _groups[entry.Group], ModeOf(entry));
        }
        else
        {
            tree.SetMode(entry.Path, entry.Mode);
        }
    }

    /// <summary>A numeric id may belong to another user or group on this host; a group gets no
    /// rights then.</summary>
    internal static int ModeOf(BackupEntry entry) =>
        ProcessIdentity.TryParseId(entry.Owner, out _)
            || ProcessIdentity.TryParseId(entry.Group, out _)
                ? entry.Mode & ~GroupModes : entry.Mode;

    /// <summary>A link into the old home is made to lead into this one.</summary>
    private string TargetOf(string target) =>
        target.StartsWith(manifest.Home + "/", StringComparison.Ordinal)
            ? home + target[manifest.Home.Length..] : target;

    private void FindOwners()
    {
        if (Processes.EffectiveUid != 0)
        {
            return; // We own everything.
        }

        foreach (BackupEntry entry in manifest.Entries)
        {
            Find(_users, entry.Owner, name => UnixUsers.ByName(name)?.Uid);
            Find(_groups, entry.Group, name => UnixGroups.ByName(name));
        }
    }

    private static void Find(Dictionary<string, uint> known, string name, Func<string, uint?> find)
    {
        if (!known.ContainsKey(name))
        {
            known[name] = name == "root" ? 0
                : ProcessIdentity.TryParseId(name, out uint id) ? id
                : find(name) ?? throw new ConfigurationException(
                    $"this host has no user or group {name}: run ./install first",
                    ExitCode.Permanent);
        }
    }

    /// <summary>Checks that the top directories have no file that a new installation lacks.
    /// </summary>
    private void RequireNew(Beneath tree, string directory, int depth)
    {
        const int depthMax = 6; // A directory this deep is a sign of use.
        IEnumerable<string> names = depth == 0 ? BackupManifest.AllRooms
            : (tree.TryList(directory, out _) ?? []).Select(name => $"{directory}/{name}");
        foreach (string path in names)
        {
            FileStatus? status = tree.TryStatus(Fd.PathBytes(path), out int errno);
            if (status is { IsDirectory: true } && depth < depthMax)
            {
                RequireNew(tree, path, depth + 1);
            }
            else if (errno != Errno.NoEntry && !FirstFiles.Contains(path))
            {
                throw new ConfigurationException(string.Create(CultureInfo.InvariantCulture,
                    $"{home} is in use: it has {LogText.Safe(RawText.ToBytes(path))}"),
                    ExitCode.Permanent);
            }
        }
    }

    private static void SyncAll(Beneath tree)
    {
        int fd = tree.Open("", OpenFlags.ReadOnly);
        try
        {
            Fd.SyncFileSystem(fd);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private static ConfigurationException Damaged(BackupEntry entry) => new(
        $"{LogText.Safe(RawText.ToBytes(entry.Path))}: its content is missing or has changed",
        ExitCode.Permanent);
}
