using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Host.Control;
using Kopis.Host.Install;
using Kopis.Net.Dns;
using Kopis.Net.Tls;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;
using Kopis.Users.Virtual;

namespace Kopis.Host.Doctor;

/// <summary>Reads facts from the host's files. It writes nothing and asks no other host.</summary>
/// <param name="context">What the program is given.</param>
/// <param name="programs">The names that are linked into bin.</param>
/// <param name="readers">Functions that read control files, each as one program does.</param>
internal sealed class HostGatherer(
    ProgramContext context, IReadOnlyList<string> programs,
    IReadOnlyList<ControlReader> readers)
{
    /// <summary>The addresses that every host must have (RFC 5321 §4.5.1, RFC 2142).</summary>
    internal static readonly string[] AliasNames = ["postmaster", "abuse", "mailer-daemon"];

    private const int MessagesMax = 10_000;
    private const int TextMax = 1024 * 1024;
    private const int SmtpPort = 25;
    private readonly ControlDirectory _control = new(context.In("control"));

    /// <summary>Reads everything.</summary>
    /// <param name="keyFaults">Faults of the files of DKIM keys.</param>
    internal HostFacts Gather(IReadOnlyList<string> keyFaults)
    {
        string me = TextOf(() => _control.ReadLine(HostFiles.Me));
        (int? messages, TimeSpan? oldest) = ReadQueue();
        bool isListening = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
            .Any(one => one.Port == SmtpPort);
        byte[][] locals = ListOf(HostFiles.Locals);
        return new HostFacts
        {
            Me = me,
            Names =
            [
                ("control/me", me), .. NamesOf(HostFiles.Locals), .. NamesOf(SmtpFiles.RcptHosts),
                .. NamesOf(HostFiles.VirtualDomains),
            ],
            LoopbackNames = LoopbackNames(),
            ControlProblems = ConfigProgram.Problems(context, readers),
            ResolverFaults = ResolverFaults(),
            HasRcptHosts = Path.Exists(_control.PathOf(SmtpFiles.RcptHosts)),
            LocalsMissed = LocalsMissed(locals),
            Installation = CheckInstallation(),
            Aliases = [.. AliasNames.Where(name => HasAlias(name, me))],
            Certificate = ReadCertificate(_control, me),
            IsSendRunning = IsHeld(context.In("queue/lock/sendmutex")),
            Messages = messages,
            Oldest = oldest,
            FreeBytes = Try(() => Paths.FreeBytes(context.In("queue"))),
            FreeFiles = Try(() => Paths.FreeFiles(context.In("queue"))) is >= 0 and var free
                ? free : null,
            Memory = ReadMemory(),
            Load = ReadLoad(),
            IsClockKept = IsClockKept(),
            Files = ReadLimit(),
            Sendmail = File.Exists("/usr/sbin/sendmail")
                ? File.ResolveLinkTarget("/usr/sbin/sendmail", returnFinalTarget: true)?.FullName
                    ?? "/usr/sbin/sendmail"
                : "",
            IsListening = isListening,
            Listener = isListening ? ListenerOf(SmtpPort) : null,
            KeyFaults = keyFaults,
        };
    }

    /// <summary>The facts in the certificate file of a host.</summary>
    internal static CertificateFacts ReadCertificate(ControlDirectory control, string me)
    {
        try
        {
            if (control.ReadWhole(ListenerFiles.ServerCert) is not { } pem)
            {
                return new CertificateFacts(false, null);
            }

            ServerCertificate found =
                ServerCertificate.Parse(control.PathOf(ListenerFiles.ServerCert), pem);
            return new CertificateFacts(true, null)
            {
                From = found.Leaf.NotBefore,
                Until = found.Leaf.NotAfter,
                HasName = me.Length > 0
                    && found.Leaf.MatchesHostname(me, allowCommonName: false),
                IsSelfSigned = found.Leaf.Subject == found.Leaf.Issuer,
                KeyHash = KeyHashOf(found.Leaf),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
            or ConfigurationException or CryptographicException or ArgumentException)
        {
            return new CertificateFacts(true, e.Message)
            {
                IsHidden = IsHidden(control.PathOf(ListenerFiles.ServerCert)),
            };
        }
    }

    // A caller that may not look must not conclude that no process is there: the directory may be
    // another user's, or a mount of /proc may hide processes (hidepid, ProtectProc).
    private static bool? IsHeld(string path)
    {
        _ = Fd.TryStatus(Fd.PathBytes(path), out int errno);
        return FileLocks.IsHeld(path) ? true
            : errno == Errno.Access || !Path.Exists("/proc/1/status") ? null : false;
    }

    private static bool IsHidden(string path)
    {
        int fd = Fd.TryOpen(
            Fd.PathBytes(path), Posix.OpenFlags.NonBlocking, out int errno);
        Fd.Close(fd);
        return errno == Errno.Access;
    }

    /// <summary>The SHA-256 of a certificate's public key, in hexadecimal: TLSA 3 1 1.</summary>
    internal static string KeyHashOf(X509Certificate2 certificate) => Convert.ToHexStringLower(
        SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    private byte[][] ListOf(ControlList file)
    {
        try
        {
            return [.. _control.ReadList(file) ?? []];
        }
        catch (ConfigurationException)
        {
            return []; // kopis config check says it.
        }
    }

    private IEnumerable<(string, string)> NamesOf(ControlList file) =>
        ListOf(file).Select(line => ($"control/{file.Name}", ByteText.ToText(line)));

    private static string TextOf(Func<byte[]?> read)
    {
        try
        {
            return ByteText.ToText(read() ?? []);
        }
        catch (ConfigurationException)
        {
            return "";
        }
    }

    private IReadOnlyList<string> LocalsMissed(byte[][] locals)
    {
        try
        {
            RcptHosts hosts = RcptHosts.Load(_control);
            return [.. locals.Where(name => !hosts.Contains([(byte)'x', (byte)'@', .. name]))
                .Select(name => ByteText.ToText(name))];
        }
        catch (ConfigurationException)
        {
            return [];
        }
    }

    private IReadOnlyList<string> ResolverFaults()
    {
        try
        {
            return MailDns.Read(_control).Faults;
        }
        catch (ConfigurationException e)
        {
            return [e.Message];
        }
    }

    private List<string>? CheckInstallation()
    {
        if (Processes.EffectiveUid != 0
            || Fd.TryStatus(Fd.PathBytes(context.In("queue")), out _) is not { } queue
            || UnixUsers.ByName("qmailq")?.Uid != queue.Uid)
        {
            return null;
        }

        Installation installation =
            new(context.Home, new HostTools(context.Environment), programs);
        return [.. installation.Check().Select(finding => finding.Text)];
    }

    private bool HasAlias(string name, string me)
    {
        try
        {
            return Path.Exists(context.In($"alias/.qmail-{name}"))
                || Path.Exists(context.In("alias/.qmail-default"))
                || UnixUsers.ByName(name) is not null
                || new VirtualAliases(context.Home)
                    .Find(ByteText.ToBytes($"{name}@{me}")).Length > 0;
        }
        catch (Exception e) when (e is IOException or ConfigurationException)
        {
            return false;
        }
    }

    private (int? Messages, TimeSpan? Oldest) ReadQueue()
    {
        try
        {
            int count = 0;
            DateTimeOffset oldest = DateTimeOffset.MaxValue;
            foreach ((MessageFile file, _) in QueueListing.Read(context.Home).Messages())
            {
                using (file)
                {
                    oldest = file.Arrived < oldest ? file.Arrived : oldest;
                }

                if (++count >= MessagesMax)
                {
                    break;
                }
            }

            return (count, count == 0 ? TimeSpan.Zero : DateTimeOffset.UtcNow - oldest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
            or ConfigurationException)
        {
            return (null, null);
        }
    }

    private static List<string> LoopbackNames() =>
    [
        .. Lines("/etc/hosts").Select(line => line.Split('#')[0].Split(
                (char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 1
                && IPAddress.TryParse(words[0], out IPAddress? ip) && IPAddress.IsLoopback(ip))
            .SelectMany(words => words[1..]),
    ];

    private static (long, long)? ReadMemory()
    {
        Dictionary<string, long> values = [];
        foreach (string line in Lines("/proc/meminfo"))
        {
            string[] words = line.Split(
                (char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1 && long.TryParse(words[1], out long value))
            {
                values[words[0]] = value;
            }
        }

        return values.TryGetValue("MemAvailable:", out long available)
            && values.TryGetValue("MemTotal:", out long total) ? (available, total) : null;
    }

    private static double? ReadLoad() =>
        Lines("/proc/loadavg") is [string line, ..]
        && double.TryParse(
            line.Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double load)
            ? load / Environment.ProcessorCount : null;

    private static bool? IsClockKept() =>
        File.Exists("/run/systemd/timesync/synchronized")
            || Pids().Any(pid => Lines($"/proc/{pid}/comm") is
                ["chronyd" or "ntpd" or "ntpd:" or "openntpd"]) ? true
        : Directory.Exists("/run/systemd/system") ? false
        : null;

    private static long? ReadLimit() =>
        Lines("/proc/self/limits").FirstOrDefault(line =>
            line.StartsWith("Max open files", StringComparison.Ordinal)) is { } limit
        && long.TryParse(
            limit["Max open files".Length..].Split(
                ' ', StringSplitOptions.RemoveEmptyEntries)[0], out long files) ? files : null;

    /// <summary>The name of the program that listens on a port.</summary>
    private static string? ListenerOf(int port)
    {
        const int localField = 1, stateField = 3, inodeField = 9;
        string suffix = $":{port:X4}";
        HashSet<string> sockets = [.. Lines("/proc/net/tcp").Concat(Lines("/proc/net/tcp6"))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > inodeField && words[stateField] == "0A"
                && words[localField].EndsWith(suffix, StringComparison.Ordinal))
            .Select(words => $"socket:[{words[inodeField]}]")];
        foreach (string pid in Pids())
        {
            try
            {
                if (Directory.EnumerateFiles($"/proc/{pid}/fd")
                    .Any(fd => new FileInfo(fd).LinkTarget is { } to && sockets.Contains(to)))
                {
                    return Path.GetFileName(new FileInfo($"/proc/{pid}/exe").LinkTarget);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // It has ended, or is another user's.
            }
        }

        return null;
    }

    private static IEnumerable<string> Pids() => Directory.EnumerateDirectories("/proc")
        .Select(path => Path.GetFileName(path)).Where(name => char.IsAsciiDigit(name[0]));

    private static string[] Lines(string path)
    {
        try
        {
            return BoundedFile.Lines(path, TextMax);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static long? Try(Func<long> read)
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
