using System.Text;
using Kopis.Host.Run;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>The units of systemd: queue, delivery, one for each listener, ACME, reports of
/// DMARC and TLS, the doctor and the summary, with their timers; each shut in as far as its work
/// allows. And their settings.</summary>
internal sealed class UnitFiles(string home, InstallRecord record, HostTools tools)
{
    private const string Directory = "/etc/systemd/system";
    private const string OfPackages = "/usr/lib/systemd/system";
    private const int Readable = 0x1A4; // 0644
    private static readonly bool IsRunning =
        System.IO.Directory.Exists("/run/systemd/system");

    private const string Queue = "kopis-queue.service";

    /// <summary>That which delivers, and waits at its stop for deliveries that are under way.
    /// </summary>
    internal const string Delivery = "kopis.service";
    private const string Certificate = "kopis-acme.service";
    private const string Reports = "kopis-dmarc.service";
    private const string ReportsDaily = "kopis-dmarc.timer";
    private const string TlsReports = "kopis-tlsrpt.service";
    private const string TlsReportsDaily = "kopis-tlsrpt.timer";

    /// <summary>The dashboard's, which has a binary of its own.</summary>
    internal const string Dashboard = "kopis-web.service";
    private const string DashboardPorts = "kopis-web.socket";
    private const string Passwords = "kopis-passwd.socket";
    private const string OnePassword = "kopis-passwd@.service";
    private const string Export = "kopis-otlp.service";
    private const string Doctor = "kopis-doctor.service";
    private const string DoctorDaily = "kopis-doctor.timer";
    private const string Summary = "kopis-summary.service";
    private const string SummaryDaily = "kopis-summary.timer";
    private const string Settings = "kopis"; // Their variables, not a unit.
    private const int Backlog = 1024;
    private const string TrialOf = "kopis-trial-";
    private static readonly string[] Targets = ["multi-user.target", "timers.target"];

    private static readonly string[] Units =
    [
        .. Served, Certificate, Reports, ReportsDaily, TlsReports, TlsReportsDaily,
        Doctor, DoctorDaily, Summary, SummaryDaily, Dashboard,
        DashboardPorts, Passwords, OnePassword, Export,
    ];

    /// <summary>Those that serve as long as the host runs, in the order of their starts.</summary>
    internal static IReadOnlyList<string> Served =>
        [Queue, Delivery, .. MailListener.All.Select(listener => listener.Unit)];

    /// <summary>What is enabled and started beside those: the keeper of the certificate, which
    /// waits for its setting, and each timer.</summary>
    internal static IReadOnlyList<string> Beside => [Certificate, .. Units.Where(
        name => name.EndsWith(".timer", StringComparison.Ordinal))];

    /// <summary>Those that have something to do in a home as it is.</summary>
    internal static IReadOnlyList<string> BesideIn(string home) => [.. Beside.Where(
        name => name != Certificate || File.Exists(Path.Combine(home, "control/acme")))];

    /// <summary>Those of the trial beside another server (docs/MOVING.md).</summary>
    internal static IReadOnlyList<string> Trials => [.. MailListener.All.Select(TrialName)];

    /// <summary>The unit of a listener's trial.</summary>
    internal static string TrialName(MailListener listener) => $"{TrialOf}{listener.Name}.service";

    /// <summary>What is in it: the listener's own unit, at another port. Address and options are
    /// those of /etc/default/kopis, as they will be in earnest.</summary>
    /// <param name="unit">One of <see cref="Trials"/>.</param>
    /// <param name="offset">What its port has more than the usual one.</param>
    /// <param name="home">The home that it is for.</param>
    internal static string TrialText(string unit, int offset, string home)
    {
        MailListener listener = MailListener.All.First(one => TrialName(one) == unit);
        return Text(listener.Unit, home).Replace(
            $"${{{Prefix(listener)}PORT}}", $"{listener.Port + offset}", StringComparison.Ordinal);
    }

    /// <summary>Writes all that a package brings beneath a directory: units and settings.
    /// </summary>
    /// <param name="root">What will be the root directory.</param>
    /// <param name="home">The home that they are for.</param>
    internal static void Stage(string root, string home)
    {
        foreach (string name in Units.Append(Settings))
        {
            string path = root + PathOf(name, OfPackages);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            PlainFile.Replace(path, Encoding.UTF8.GetBytes(Text(name, home)), Readable);
        }
    }

    /// <summary>Writes those that are not as they should be.</summary>
    /// <returns>Their names.</returns>
    internal IReadOnlyList<string> Make()
    {
        List<string> made = [];
        foreach (string name in Units.Append(Settings))
        {
            string path = PathOf(name, Directory);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (File.Exists(path) ? !record.IsUnchanged(name, path) : record.HasMade(name))
            {
                continue; // Somebody's own, changed by hand, or removed.
            }

            byte[] content = Encoding.UTF8.GetBytes(Text(name, home));
            if (PlainFile.Replace(path, content, Readable))
            {
                made.Add(path);
            }

            record.Add("unit", name);
            record.AddFile(name, content);
        }

        Tell(made.Count > 0);
        return made;
    }

    /// <summary>Removes those that are as they were written.</summary>
    /// <returns>Those that stay.</returns>
    internal IReadOnlyList<string> Remove()
    {
        List<string> stay = [];
        bool changed = false;
        foreach (string name in record.Names("unit"))
        {
            string path = PathOf(name, Directory);
            if (record.IsUnchanged(name, path))
            {
                if (IsRunning && name != Settings)
                {
                    tools.Run("systemctl", "disable", "--quiet", name);
                }

                Paths.Unlink(path);
                changed = true;
            }
            else if (File.Exists(path))
            {
                stay.Add(path);
            }
        }

        Tell(changed);
        return stay;
    }

    /// <summary>Makes way for a package's units: those that an earlier ./install wrote, and nobody
    /// changed, would count instead. What was enabled stays so.</summary>
    /// <returns>The paths that were removed.</returns>
    internal IReadOnlyList<string> GiveWay()
    {
        List<string> gone = [];
        List<string> enabled = [];
        foreach (string name in record.Names("unit").Where(name => name != Settings))
        {
            string path = PathOf(name, Directory);
            if (!record.IsUnchanged(name, path) || !File.Exists(PathOf(name, OfPackages)))
            {
                continue;
            }

            if (Targets.Any(target => new FileInfo(
                $"{Directory}/{target}.wants/{name}").LinkTarget is not null))
            {
                enabled.Add(name);
            }

            Paths.Unlink(path);
            record.ForgetUnit(name);
            gone.Add(path);
        }

        Tell(gone.Count > 0);
        if (enabled.Count > 0)
        {
            tools.Run("systemctl", ["--quiet", "reenable", .. enabled]);
        }

        return gone;
    }

    private static string PathOf(string name, string units) =>
        name == Settings ? "/etc/default/kopis" : $"{units}/{name}";

    private static string Text(string name, string home)
    {
        MailListener? listener = MailListener.All.FirstOrDefault(one => one.Unit == name);
        string template = listener is null ? name
            : listener.GivesMailOut ? "pop3.service"
            : "smtp.service";
        using StreamReader reader = new(
            typeof(UnitFiles).Assembly.GetManifestResourceStream(template)!);
        string text = reader.ReadToEnd().Replace(
            "@LISTENERS@", string.Concat(MailListener.All.Select(Defaults)),
            StringComparison.Ordinal);
        if (listener is not null)
        {
            text = text.Replace("@NAME@", listener.Name, StringComparison.Ordinal)
                .Replace("@NOTE@", listener.Note, StringComparison.Ordinal)
                .Replace("@COMMAND@", Command(listener), StringComparison.Ordinal)
                .Replace("@ENVIRONMENT@", Variables(listener), StringComparison.Ordinal);
        }

        return text.Replace("@HOME@", home, StringComparison.Ordinal);
    }

    private static string Command(MailListener listener)
    {
        string[] words =
        [
            "@HOME@/bin/tcpserver", "-v", "-R", "-H", "-l", "%H",
            "-c", listener.Sessions.ToString("d"), "-b", Backlog.ToString("d"),
            "-x", "@HOME@/control/tcprules.dat", $"${Prefix(listener)}OPTIONS",
            $"${{{Prefix(listener)}ADDRESS}}", $"${{{Prefix(listener)}PORT}}",
            .. listener.Chain("%H", "@HOME@/bin/", listener.IsForUsers),
        ];
        return string.Join(' ', words);
    }

    // What /etc/default/kopis may say otherwise comes first.
    private static string Variables(MailListener listener) => string.Join(' ',
        [
            $"{Prefix(listener)}ADDRESS=0", $"{Prefix(listener)}PORT={listener.Port}",
            .. listener.Variables.Select(word => $"{word}="),
        ]);

    private static string Defaults(MailListener listener) => $"""
        #
        # {listener.Unit}: {listener.Note}
        #{Prefix(listener)}ADDRESS=0
        #{Prefix(listener)}PORT={listener.Port}
        #{Prefix(listener)}OPTIONS=

        """;

    private static string Prefix(MailListener listener) =>
        $"KOPIS_{listener.Name.ToUpperInvariant()}_";

    private void Tell(bool changed)
    {
        if (changed && IsRunning)
        {
            tools.Run("systemctl", "daemon-reload");
        }
    }
}
