using System.Globalization;
using Kopis.Base;
using Kopis.Host.Install;
using Kopis.Posix;

namespace Kopis.Host.Upgrade;

/// <summary>Which units of a host have processes of its binary, and of which file: the one that is
/// installed now, or an earlier one that was there when they were started. /proc says so.</summary>
/// <param name="binary">The installed file, without links.</param>
internal sealed class RunningUnits(string binary)
{
    private const int CgroupBytesMax = 64 * 1024;
    private const string Gone = " (deleted)"; // proc_pid_exe(5)

    /// <summary>The file that a home's programs are, without links; null if there is none.
    /// </summary>
    internal static string? BinaryOf(string home)
    {
        FileInfo link = new(Path.Combine(home, "bin/kopis"));
        return link.Exists
            ? (link.ResolveLinkTarget(returnFinalTarget: true) ?? link).FullName : null;
    }

    /// <summary>Units that run, in the order of their starts, and whether they run an earlier
    /// file.</summary>
    internal IReadOnlyList<(string Unit, bool IsEarlier)> Find()
    {
        ulong? installed = Fd.TryStatus(Fd.PathBytes(binary), out _)?.Inode;
        Dictionary<string, bool> found = [];
        foreach (int pid in Pids())
        {
            if (UnitOf(pid) is { } unit && IsOurs(pid))
            {
                bool isEarlier = InodeOf(pid) is { } inode && inode != installed;
                found[unit] = found.GetValueOrDefault(unit) || isEarlier;
            }
        }

        return [.. UnitFiles.Served.Where(found.ContainsKey).Select(unit => (unit, found[unit]))];
    }

    /// <summary>All processes.</summary>
    internal static IEnumerable<int> Pids()
    {
        foreach (string path in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(
                path.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture,
                out int pid))
            {
                yield return pid;
            }
        }
    }

    /// <summary>Whether a process runs the binary, or one that had its name.</summary>
    internal bool IsOurs(int pid)
    {
        try
        {
            string? target = File.ResolveLinkTarget($"/proc/{pid}/exe", false)?.FullName;
            return target == binary || target == binary + Gone;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended.
        }
    }

    // The last part of its place: 0::/system.slice/kopis-smtp.service (cgroups(7)).
    private static string? UnitOf(int pid)
    {
        byte[]? text = BoundedFile.TryRead($"/proc/{pid}/cgroup", CgroupBytesMax, out _);
        return text is null ? null : ByteText.ToText(text).Split('\n')
            .Select(line => line[(line.LastIndexOf('/') + 1)..])
            .FirstOrDefault(UnitFiles.Served.Contains);
    }

    private static ulong? InodeOf(int pid) =>
        Fd.TryStatus(Fd.PathBytes($"/proc/{pid}/exe"), out _)?.Inode;
}
