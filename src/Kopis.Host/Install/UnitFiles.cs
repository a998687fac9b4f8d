using System.Text;
using Kopis.Host.Run;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>The units of systemd: queue, delivery, one for each listener, ACME, and reports of
/// DMARC and TLS with their timers; each shut in as far as its work allows.</summary>
internal sealed class UnitFiles(string home, InstallRecord record, HostTools tools)
{
    private const string Directory = "/etc/systemd/system";
    private const int Readable = 0x1A4; // 0644
    private static readonly bool IsRunning =
        System.IO.Directory.Exists("/run/systemd/system");

    private const string Queue = "kopis-queue.service";
    private const string Delivery = "kopis.service";
    private const string Certificate = "kopis-acme.service";
    private const string Reports = "kopis-dmarc.service";
    private const string ReportsDaily = "kopis-dmarc.timer";
    private const string TlsReports = "kopis-tlsrpt.service";
    private const string TlsReportsDaily = "kopis-tlsrpt.timer";
    private const string Dashboard = "kopis-web.service";
    private const int Backlog = 1024;

    private static readonly string[] Units =
    [
        Queue, Delivery, .. MailListener.All.Select(listener => listener.Unit), Certificate,
        Reports, ReportsDaily, TlsReports, TlsReportsDaily, Dashboard,
    ];

    /// <summary>Writes those that are not as they should be.</summary>
    /// <returns>Their names.</returns>
    internal IReadOnlyList<string> Make()
    {
        System.IO.Directory.CreateDirectory(Directory);
        List<string> made = [];
        foreach (string name in Units)
        {
            string path = Path.Combine(Directory, name);
            if (File.Exists(path) ? !record.IsUnchanged(name, path) : record.HasMade(name))
            {
                continue; // Somebody's own, changed by hand, or removed.
            }

            byte[] content = Encoding.UTF8.GetBytes(Text(name));
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
            string path = Path.Combine(Directory, name);
            if (record.IsUnchanged(name, path))
            {
                if (IsRunning)
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

    private string Text(string name)
    {
        MailListener? listener = MailListener.All.FirstOrDefault(one => one.Unit == name);
        string template = listener is null ? name
            : listener.GivesMailOut ? "pop3.service"
            : "smtp.service";
        using StreamReader reader = new(
            typeof(UnitFiles).Assembly.GetManifestResourceStream(template)!);
        string text = reader.ReadToEnd();
        if (listener is not null)
        {
            string variables = string.Concat(listener.Variables.Select(word => $" {word}="));
            text = text.Replace("@NAME@", listener.Name, StringComparison.Ordinal)
                .Replace("@NOTE@", listener.Note, StringComparison.Ordinal)
                .Replace("@COMMAND@", Command(listener), StringComparison.Ordinal)
                .Replace(
                    "@ENVIRONMENT@", variables.Length == 0 ? "" : $"Environment={variables[1..]}\n",
                    StringComparison.Ordinal);
        }

        return text.Replace("@HOME@", home, StringComparison.Ordinal);
    }

    private static string Command(MailListener listener)
    {
        string[] words =
        [
            "@HOME@/bin/tcpserver", "-v", "-R", "-H", "-l", "%H",
            "-c", listener.Sessions.ToString("d"), "-b", Backlog.ToString("d"),
            "-x", "@HOME@/control/tcprules.dat", "0", listener.Port.ToString("d"),
            .. listener.Chain("%H", "@HOME@/bin/", listener.IsForUsers),
        ];
        return string.Join(' ', words);
    }

    private void Tell(bool changed)
    {
        if (changed && IsRunning)
        {
            tools.Run("systemctl", "daemon-reload");
        }
    }
}
