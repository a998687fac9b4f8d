using System.Globalization;

namespace Kopis.Posix;

/// <summary>Locks of other processes, seen without taking part: to try for a lock, even for a
/// moment, could keep its rightful owner from starting.</summary>
public static class FileLocks
{
    private const int FlockIn = 1; // Where a line has the kind, the process and the file.
    private const int ProcessIn = 4;
    private const int FileIn = 5;
    private const int EffectiveUidIn = 2; // In a line of /proc/N/status.

    /// <summary>Whether somebody holds a flock(2) on the file.</summary>
    public static bool IsHeld(string path) => HolderOf(path) is not null;

    /// <summary>Who holds a flock(2) on the file, as /proc/locks has it:
    /// <c>1: FLOCK  ADVISORY  WRITE 708 08:01:131 0 EOF</c> (proc_locks(5)). It is the kernel's
    /// word: what the file says is its owner's.</summary>
    /// <remarks>The device there is not always that of stat(2), and on a disk of his anybody may
    /// have a file of this number; so a process counts that is the file's owner's, or root's. One
    /// that has ended may have left the lock to another, and its number to a third.</remarks>
    /// <returns>The process that took it, zero or less where that is out of sight; null: nobody.
    /// </returns>
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
    /// <summary>Takes an exclusive flock(2) on a file of a directory of ours, made if it is not
    /// there, with mode 0600; the end of the process gives it back.</summary>
    /// <returns>False where another process has it.</returns>
    /// <exception cref="PosixException">There is no such directory, or it is another's, or others
    /// may write to it; or the file cannot be opened, or is a link.</exception>
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
