using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// Root acts as the owner of the directory that it changes, so that nothing which the owner puts
/// there, a link say, makes root touch another's file.
/// </summary>
internal static class OwnerRights
{
    private const int OwnerOnly = 0x1C0; // 0700

    /// <summary>Does something as the owner of a directory.</summary>
    internal static void Run(string directory, Action action)
    {
        if (Processes.EffectiveUid == 0
            && Fd.TryStatus(Fd.PathBytes(directory), out _) is { Uid: not 0 } owner)
        {
            new ProcessIdentity(owner.Uid, owner.Gid, owner.Gid).RunAs(action);
        }
        else
        {
            action();
        }
    }

    /// <summary>Makes a directory for its owner alone, unless it is there.</summary>
    internal static void MakeDirectory(string path)
    {
        if (Paths.TryMakeDirectory(path, OwnerOnly))
        {
            Fd.SyncDirectory(Path.GetDirectoryName(path)!);
        }
    }
}
