using System.Globalization;

namespace Kopis.Posix;

/// <summary>Sees the locks of other processes without taking them: even a short attempt to lock
/// could keep the rightful holder from starting.</summary>
public static class FileLocks
{
    private const int FlockIn = 1; // Fields of a line: kind, process, file.
    private const int ProcessIn = 4;
    private const int FileIn = 5;
    private const int EffectiveUidIn = 2; // In a line of /proc/N/status.

    /// <summary>Whether some process holds a flock(2) on the file.</summary>
    public static bool IsHeld(string path) => HolderOf(path) is not null;

    /// <summary>The holder of a flock(2) on the file, from a line of /proc/locks such as <c>1:
    /// FLOCK  ADVISORY  WRITE 708 08:01:131 0 EOF</c> (proc_locks(5)). That is the kernel's word,
    /// whereas the file's content is only its owner's.</summary>
    /// <remarks>The device there is not always that of stat(2), and users can make a file of this
    /// number on a disk of their own. So only a process of the file's owner, or of root, counts. A
    /// process that has ended may have left the lock to another process, and its number to a third.
    /// </remarks>
    /// <returns>The process that took the lock; zero or less if it is not visible; null if there is
    /// no holder.</returns>
    public static int? HolderOf(string path)
    {
        if (Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false) is not { } status)
        {
            return null;
        }

        string inode = status.Inode.ToString(CultureInfo.InvariantCulture);
        foreach (string line in File.ReadLines("/proc/locks"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > FileIn && words[FlockIn] == "FLOCK"
                && words[FileIn].EndsWith(':' + inode, StringComparison.Ordinal)
                && int.TryParse(words[ProcessIn], out int pid)
                && (pid <= 0 || EffectiveUidOf(pid) is { } uid && (uid == 0 || uid == status.Uid)))
            {
                return pid;
            }
        }

        return null;
    }
    /// <summary>Takes an exclusive flock(2) on a file in a directory of ours. The file is created
    /// with mode 0600 if it does not exist. The lock ends with the process.</summary>
    /// <returns>False if another process holds it.</returns>
    /// <exception cref="PosixException">The directory does not exist, has another owner, or is
    /// writable by others; or the file cannot be opened, or is a link.</exception>
    public static bool TryHold(string directory, string name)
    {
        const OpenFlags flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NonBlocking;
        const int ownerAlone = 0x180; // 0600
        using Beneath place = Beneath.TryOpenOwn(directory)
            ?? throw new PosixException(
                $"lock {directory}, where others may write", Errno.NotPermitted);
        return Fd.TryLockExclusive(place.Open(name, flags, ownerAlone));
    }

    private static uint? EffectiveUidOf(int pid)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{pid}/status")
                .FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal));
            return uint.TryParse(line?.Split('\t')[EffectiveUidIn], out uint uid) ? uid : null;
        }
        catch (IOException)
        {
            return null; // It has ended.
        }
    }
}
