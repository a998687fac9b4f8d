using System.Globalization;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>Compares one home with the directories and files of the manifest.</summary>
internal sealed class HomeTree(string home)
{
    private const int SetIds = 0xC00; // 06000

    /// <summary>The entries that are missing or differ from the manifest. Links are never followed,
    /// so nothing that a user of the queue puts there makes root change another's file.</summary>
    internal IEnumerable<Finding> Check()
    {
        if (!Directory.Exists(home))
        {
            yield return new Finding(
                $"there is no directory {home}", () => Directory.CreateDirectory(home));
        }

        if (!Directory.Exists(home))
        {
            yield break;
        }

        using Beneath tree = new(home);
        foreach (HomeEntry entry in HomeManifest.Entries)
        {
            if (Check(tree, entry) is { } finding)
            {
                yield return finding;
            }
        }
    }

    /// <summary>Files below bin that would change the rights of anyone who runs them.</summary>
    internal IEnumerable<Finding> CheckNoSetIds()
    {
        string bin = Path.Combine(home, "bin");
        foreach (string path in Directory.Exists(bin) ? Directory.EnumerateFiles(bin) : [])
        {
            FileStatus? status = Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false);
            if (status is { IsRegular: true } file && (file.Permissions & SetIds) != 0)
            {
                yield return new Finding($"{path} is setuid or setgid",
                    () => Paths.ChangeMode(path, file.Permissions & ~SetIds));
            }
        }
    }

    /// <summary>The fault of an entry; null if there is none.</summary>
    private Finding? Check(Beneath tree, HomeEntry entry)
    {
        string path = Path.Combine(home, entry.Path).TrimEnd('/');
        uint? uid = entry.Owner == "root" ? 0 : UnixUsers.ByName(entry.Owner)?.Uid;
        uint? gid = UnixGroups.ByName(entry.Group);
        if (uid is null || gid is null)
        {
            return new Finding($"{path}: its user or group is missing", null);
        }

        FileStatus? status;
        try
        {
            status = tree.TryStatus(entry.Path);
        }
        catch (PosixException e) when (e.Number is Errno.Loop or Errno.NotDirectory)
        {
            return new Finding($"{path} is a link, or reached through one", null);
        }

        if (status is not { } found)
        {
            return new Finding($"there is no {path}", () =>
            {
                Make(tree, entry);
                tree.SetOwnerAndMode(entry.Path, uid.Value, gid.Value, entry.Mode);
            });
        }

        if (!IsOfKind(found, entry.Kind))
        {
            return new Finding($"{path} is not a {entry.Kind.ToString().ToLowerInvariant()}", null);
        }

        return found.Uid == uid && found.Gid == gid && found.Permissions == entry.Mode
            ? null
            : new Finding(
                $"{path} is {found.Uid}:{found.Gid} {Octal(found.Permissions)}, not "
                + $"{entry.Owner}:{entry.Group} {Octal(entry.Mode)}",
                () => tree.SetOwnerAndMode(entry.Path, uid.Value, gid.Value, entry.Mode));
    }

    private static void Make(Beneath tree, HomeEntry entry)
    {
        const int ownerOnly = 0x1C0; // 0700, until it has its owner.
        switch (entry.Kind)
        {
            case HomeEntryKind.Directory:
                tree.MakeDirectory(entry.Path, ownerOnly);
                break;
            case HomeEntryKind.Fifo:
                tree.MakeFifo(entry.Path, ownerOnly);
                break;
            default:
                Fd.Close(tree.Open(
                    entry.Path,
                    OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, ownerOnly));
                break;
        }
    }

    private static bool IsOfKind(FileStatus status, HomeEntryKind kind) => kind switch
    {
        HomeEntryKind.Directory => status.IsDirectory,
        HomeEntryKind.Fifo => status.IsFifo,
        _ => status.IsRegular,
    };

    private static string Octal(int mode) =>
        "0" + Convert.ToString(mode, 8).ToString(CultureInfo.InvariantCulture);
}
