using System.Globalization;
using Kopis.Base;
using Kopis.Host.Upgrade;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>Who listens at the ports of mail on this host, as /proc/net/tcp has it
/// (proc_net_tcp(5)).</summary>
/// <param name="programs">Tells our own programs.</param>
internal sealed class PortOwners(RunningUnits? programs)
{
    private const int NameBytesMax = 64;
    private const int LocalAt = 1, StateAt = 3, UserAt = 7, InodeAt = 9;
    private const string Listening = "0A";

    /// <summary>Ports that another's program has, with a word for that: <c>master (pid 12)</c>.
    /// </summary>
    /// <param name="ports">Those that matter.</param>
    /// <param name="leaving">Services that are about to be stopped: their ports are free soon.
    /// </param>
    internal IReadOnlyDictionary<int, string> Others(
        IReadOnlyCollection<int> ports, IReadOnlyCollection<string>? leaving = null)
    {
        Dictionary<string, int> inodes = [];
        Dictionary<int, string> found = [];
        foreach (string[] row in File.ReadLines("/proc/net/tcp").Concat(
            File.Exists("/proc/net/tcp6") ? File.ReadLines("/proc/net/tcp6") : []).Select(Columns))
        {
            if (row.Length > InodeAt && row[StateAt] == Listening
                && int.TryParse(
                    row[LocalAt].AsSpan(row[LocalAt].IndexOf(':') + 1), NumberStyles.HexNumber,
                    CultureInfo.InvariantCulture, out int port)
                && ports.Contains(port))
            {
                inodes[$"socket:[{row[InodeAt]}]"] = port;
                found.TryAdd(port, $"a program of user {row[UserAt]}");
            }
        }

        foreach (int pid in inodes.Count == 0 ? [] : RunningUnits.Pids())
        {
            foreach (int port in SocketsOf(pid).Where(inodes.ContainsKey)
                .Select(name => inodes[name]).Distinct())
            {
                Name(found, port, pid, leaving ?? []);
            }
        }

        return found.Where(pair => pair.Value.Length > 0)
            .ToDictionary(pair => pair.Key, pair => pair.Value);
    }

    // systemd may have it too, and keeps it for another.
    private void Name(
        Dictionary<int, string> found, int port, int pid, IReadOnlyCollection<string> leaving)
    {
        if (programs?.IsOurs(pid) == true
            || (RunningUnits.ServiceOf(pid) is { } service && leaving.Contains(service)))
        {
            found[port] = "";
        }
        else if (found[port].Length > 0 && pid != 1)
        {
            byte[] name = BoundedFile.TryRead($"/proc/{pid}/comm", NameBytesMax, out _) ?? [];
            found[port] = $"{LogText.Safe(name.AsSpan().TrimEnd((byte)'\n'))} (pid {pid})";
        }
    }

    private static string[] Columns(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> SocketsOf(int pid)
    {
        string[] paths;
        try
        {
            paths = Directory.GetFileSystemEntries($"/proc/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break; // It has ended, or is another's.
        }

        foreach (string path in paths)
        {
            string? target = null;
            try
            {
                target = new FileInfo(path).LinkTarget;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It was closed meanwhile.
            }

            if (target is not null)
            {
                yield return target;
            }
        }
    }
}
