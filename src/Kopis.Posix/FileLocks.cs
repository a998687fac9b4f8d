using System.Globalization;

namespace Kopis.Posix;

/// <summary>Locks of other processes, seen without taking part: to try for a lock, even for a
/// moment, could keep its rightful owner from starting.</summary>
public static class FileLocks
{
    /// <summary>Whether somebody holds a flock(2) on the file, as /proc/locks has it:
    /// <c>1: FLOCK  ADVISORY  WRITE 708 08:01:131 0 EOF</c> (proc_locks(5)).</summary>
    public static bool IsHeld(string path)
    {
        if (Fd.TryStatus(Fd.PathBytes(path), out _) is not { } status)
        {
            return false;
        }

        string inode = status.Inode.ToString(CultureInfo.InvariantCulture);
        foreach (string line in File.ReadLines("/proc/locks"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 5 && words[1] == "FLOCK"
                && words[5].EndsWith(':' + inode, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
