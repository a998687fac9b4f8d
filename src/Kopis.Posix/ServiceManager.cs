using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Talks to systemd, if it started this process as a service of <c>Type=notify</c>.
/// systemd is told when the service is ready and that it is still alive, and keeps descriptors
/// through a restart (sd_notify(3), sd_listen_fds(3)).</summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process.")]
public sealed class ServiceManager
{
    private const int FirstFd = 3; // SD_LISTEN_FDS_START
    private const int FdsMax = 64;
    private const string NotifySocket = "NOTIFY_SOCKET";
    private const string Watchdog = "WATCHDOG_USEC", WatchedPid = "WATCHDOG_PID";
    private const string Fds = "LISTEN_FDS", FdsPid = "LISTEN_PID", FdNames = "LISTEN_FDNAMES";
    private static readonly string[] Variables =
        [NotifySocket, Watchdog, WatchedPid, Fds, FdsPid, FdNames];

    private readonly Dictionary<string, int> _kept;
    private readonly List<int> _given;
    private readonly Dictionary<string, byte[]?> _told;
    private readonly string _path;
    private Timer? _timer;

    private ServiceManager(
        string path, TimeSpan? interval, IReadOnlyList<(string Name, int Fd)> given,
        Dictionary<string, byte[]?> told)
    {
        (_path, Interval, _kept, _told) = (path, interval, [], told);
        _given = [.. given.Select(one => one.Fd)];
        foreach ((string name, int fd) in given)
        {
            _kept[name] = fd;
        }
    }

    /// <summary>How often systemd wants to hear that the service is alive; null for never.
    /// </summary>
    internal TimeSpan? Interval { get; }

    /// <summary>Reads systemd's variables from the environment and removes them, since they are not
    /// meant for programs that this one starts.</summary>
    /// <returns>Null if no manager wants to be told.</returns>
    public static ServiceManager? Of(ProgramContext context)
    {
        ByteEnvironment environment = context.Environment;
        string? path = environment.Text(NotifySocket);
        string own = Processes.Id.ToString(CultureInfo.InvariantCulture);
        IReadOnlyList<(string, int)> given = environment.Text(FdsPid) == own
            ? Inherited(environment.Text(Fds), environment.Text(FdNames)) : [];
        TimeSpan? interval = (environment.Text(WatchedPid) ?? own) == own
            && long.TryParse(
                environment.Text(Watchdog), CultureInfo.InvariantCulture, out long micro)
            && micro > 0
                ? TimeSpan.FromMicroseconds(micro) / 2 : null;
        Dictionary<string, byte[]?> told = [];
        foreach (string name in Variables)
        {
            told[name] = environment[name];
            environment[name] = null;
        }

        return path is ['/' or '@', _, ..] ? new ServiceManager(path, interval, given, told) : null;
    }

    /// <summary>Restores systemd's variables for a program that this process becomes, but not the
    /// descriptors that systemd kept.</summary>
    public void GiveBack(ByteEnvironment environment)
    {
        foreach (string name in (string[])[NotifySocket, Watchdog, WatchedPid])
        {
            environment[name] = _told[name];
        }
    }

    /// <summary>All descriptors that systemd passed, in its order: the sockets of a socket unit
    /// (systemd.socket(5)).</summary>
    public IReadOnlyCollection<int> Descriptors => _given;

    /// <summary>A descriptor that systemd kept, now close-on-exec; null if there is none of that
    /// name.</summary>
    public int? Kept(string name) => _kept.TryGetValue(name, out int fd) ? fd : null;

    /// <summary>Has systemd keep a copy of a descriptor until the service is stopped for good.
    /// </summary>
    /// <param name="name">The name by which <see cref="Kept"/> finds it after a restart.</param>
    /// <param name="fd">Our descriptor, which stays open here.</param>
    public void Keep(string name, int fd) => Send($"FDSTORE=1\nFDNAME={name}", fd);

    /// <summary>Has systemd forget a descriptor, and closes ours.</summary>
    public void Forget(string name)
    {
        if (_kept.Remove(name, out int fd))
        {
            Fd.Close(fd);
            Send($"FDSTOREREMOVE=1\nFDNAME={name}");
        }
    }

    /// <summary>Reports that the service is ready. From now on, a thread of the pool tells the
    /// manager as often as it wants that the service is alive.</summary>
    public void Ready()
    {
        Send("READY=1");
        if (Interval is { } interval)
        {
            _timer = new Timer(_ => Send("WATCHDOG=1"), null, interval, interval);
        }
    }

    private static List<(string, int)> Inherited(string? count, string? names)
    {
        List<(string, int)> found = [];
        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int fds))
        {
            return found;
        }

        string[] words = (names ?? "").Split(':');
        for (int i = 0; i < Math.Min(fds, FdsMax); i++)
        {
            if (Fd.IsInherited(FirstFd + i))
            {
                Fd.SetCloseOnExec(FirstFd + i);
                found.Add((i < words.Length ? words[i] : "", FirstFd + i));
            }
        }

        return found;
    }

    // The manager may be away: while it restarts, it expects nothing from running services.
    private void Send(string text, int fd = -1)
    {
        try
        {
            using Socket to = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            to.Connect(new UnixDomainSocketEndPoint(
                _path[0] == '@' ? '\0' + _path[1..] : _path));
            _ = FdPassing.TrySend((int)to.Handle, ByteText.ToBytes(text), fd);
        }
        catch (Exception e) when (e is SocketException or PosixException)
        {
            string reason = e is SocketException fault ? UnixSocket.Reason(fault) : e.Message;
            ErrorLog.Write($"warning: unable to tell the service manager: {reason}");
        }
    }
}
