using System.Globalization;
using Kopis.Posix;

namespace Kopis.Host.Status;

/// <summary>
/// The processes of a host, from /proc: who holds the home's claims, what these have started, and
/// the listeners. What users' mail starts is none of them, whatever it calls itself.
/// </summary>
internal static class ProcessTable
{
    private const string Listener = "tcpserver";
    private const double TicksInSecond = 100; // USER_HZ, of every Linux.

    // Places in /proc/N/stat behind the name (proc_pid_stat(5)).
    private const int ParentIn = 1, UserTimeIn = 11, SystemTimeIn = 12, StartIn = 19, PagesIn = 21;

    private static readonly string[] Programs =
    [
        "qmail-start", "run", "qmail-journal", "qmail-queue", "qmail-lookup", "qmail-popspawn",
        "qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean", "acme", Listener,
    ];

    /// <summary>Reads the table.</summary>
    internal static List<HostProcess> Read(string home)
    {
        int[] claims = [.. ((string[])["queue.lock", "delivery.lock"])
            .Select(name => FileLocks.HolderOf(Path.Combine(home, "users", name)))
            .OfType<int>().Where(pid => pid > 0).Distinct()];
        if (claims.Length == 0)
        {
            return [];
        }

        // Those of an installed host are services of their own.
        uint? listeners = claims.Any(pid => OwnerOf(pid) == 0)
            ? UnixUsers.ByName("qmaild")?.Uid : null;
        DateTimeOffset boot = BootTime();
        List<HostProcess> found = [];
        foreach (string path in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(
                    path["/proc/".Length..], NumberStyles.None, CultureInfo.InvariantCulture,
                    out int pid)
                && Parse(pid, boot, out int parent) is { } process
                && (claims.Contains(pid) || claims.Contains(parent)
                    || (process.Program == Listener && OwnerOf(pid) == listeners)))
            {
                found.Add(process);
            }
        }

        return found;
    }

    private static HostProcess? Parse(int pid, DateTimeOffset boot, out int parent)
    {
        parent = 0;
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            int begin = stat.IndexOf('(', StringComparison.Ordinal) + 1;
            int end = stat.LastIndexOf(')');
            string name = stat[begin..end];
            string[] words = stat[(end + 2)..].Split(' ');
            parent = int.Parse(words[ParentIn], CultureInfo.InvariantCulture);
            return Programs.Contains(name)
                ? new HostProcess(
                    name == "run" ? "kopis" : name, pid,
                    boot.AddSeconds(Number(words[StartIn]) / TicksInSecond),
                    (long)Number(words[PagesIn]) * Environment.SystemPageSize,
                    (Number(words[UserTimeIn]) + Number(words[SystemTimeIn])) / TicksInSecond)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended, or others may not look (hidepid= of proc(5)).
        }
    }

    private static double Number(string word) =>
        double.Parse(word, NumberStyles.Integer, CultureInfo.InvariantCulture);

    private static uint? OwnerOf(int pid) =>
        Fd.TryStatus(Fd.PathBytes($"/proc/{pid}"), out _)?.Uid;

    private static DateTimeOffset BootTime()
    {
        const string mark = "btime ";
        string line = File.ReadLines("/proc/stat").First(
            line => line.StartsWith(mark, StringComparison.Ordinal));
        return DateTimeOffset.FromUnixTimeSeconds(
            long.Parse(line[mark.Length..], CultureInfo.InvariantCulture));
    }
}
