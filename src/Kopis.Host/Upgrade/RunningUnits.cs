using System.Globalization;
using Kopis.Base;
using Kopis.Host.Install;
using Kopis.Posix;

namespace Kopis.Host.Upgrade;

/// <summary>Which units of a host have processes of its binary, and of which file: the one that is
/// installed now, or an earlier one that was there when they were started. /proc says so.</summary>
/// <param name="binary">The installed file, without links.</param>
/// <param name="earlier">Another name that it had: a home's own copy, before a package's link.
/// </param>
/// <param name="dashboard">The dashboard's file.</param>
internal sealed class RunningUnits(
    string binary, string? earlier = null, string? dashboard = null)
{
    private const int CgroupBytesMax = 64 * 1024;
    private const string Gone = " (deleted)"; // proc_pid_exe(5)
    private const string Slice = ".slice", SystemSlice = "system.slice", Service = ".service";

    private static readonly string[] Known =
        [.. UnitFiles.Served, .. UnitFiles.Beside, .. UnitFiles.Trials, UnitFiles.Dashboard];

    /// <summary>The installed file.</summary>
    internal string Binary => binary;

    /// <summary>The file that a home's programs are, without links; null if there is none.
    /// </summary>
    internal static string? BinaryOf(string home)
    {
        FileInfo link = new(Path.Combine(home, "bin/kopis"));
        return link.Exists
            ? (link.ResolveLinkTarget(returnFinalTarget: true) ?? link).FullName : null;
    }

    /// <summary>Those of a home; null if it has no programs.</summary>
    internal static RunningUnits? Of(string home) => BinaryOf(home) is { } binary
        ? new RunningUnits(
            binary, Path.Combine(home, "bin/kopis"), Path.Combine(home, "bin/kopis-web"))
        : null;

    /// <summary>Units that run, in the order of their starts, and whether they run an earlier
    /// file.</summary>
    internal IReadOnlyList<(string Unit, bool IsEarlier)> Find()
    {
        ulong?[] installed = [InodeOf(binary), dashboard is null ? null : InodeOf(dashboard)];
        Dictionary<string, bool> found = [];
        foreach (int pid in Pids())
        {
            if (UnitOf(pid) is { } unit && Known.Contains(unit) && IsOurs(pid))
            {
                bool isEarlier = InodeOf($"/proc/{pid}/exe") is { } inode
                    && !installed.Contains(inode);
                found[unit] = found.GetValueOrDefault(unit) || isEarlier;
            }
        }

        return [.. Known.Where(found.ContainsKey).Select(unit => (unit, found[unit]))];
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
            string? name = target?.EndsWith(Gone, StringComparison.Ordinal) == true
                ? target[..^Gone.Length] : target;
            return name is not null && (name == binary || name == earlier || name == dashboard);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended.
        }
    }

    /// <summary>The system's service that a process belongs to, without the instance of a template
    /// (postfix@-.service is postfix.service); null if it belongs to none.</summary>
    internal static string? ServiceOf(int pid)
    {
        if (UnitOf(pid) is not { } unit)
        {
            return null;
        }

        int at = unit.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? unit : unit[..at] + Path.GetExtension(unit);
    }

    /// <summary>Finds the unit in the lines of /proc/PID/cgroup (cgroups(7)):
    /// <c>0::/system.slice/kopis-smtp.service</c>. Only systemd makes a unit right beneath slices
    /// of the system: what users and services make lies deeper, whatever its name is.</summary>
    /// <returns>Its name; null if the process is in none.</returns>
    internal static string? UnitIn(string text) => text.Split('\n')
        .Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3)
        .Select(parts => parts[2].Split('/'))
        .Where(path => path is ["", SystemSlice, .., _]
            && path[1..^1].All(part => part.EndsWith(Slice, StringComparison.Ordinal)))
        .Select(path => path[^1])
        .FirstOrDefault(name => name.EndsWith(Service, StringComparison.Ordinal));

    private static string? UnitOf(int pid) =>
        BoundedFile.TryRead($"/proc/{pid}/cgroup", CgroupBytesMax, out _) is { } text
            ? UnitIn(ByteText.ToText(text)) : null;

    private static ulong? InodeOf(string path) =>
        Fd.TryStatus(Fd.PathBytes(path), out _)?.Inode;
}
