using System.Text;
using Kopis.Posix;

namespace Kopis.Admin;

/// <summary>The units of systemd: queue and delivery, SMTP, POP3; each shut in as far as its work
/// allows.</summary>
internal sealed class UnitFiles(string home, InstallRecord record, HostTools tools)
{
    private const string Directory = "/etc/systemd/system";
    private const int Readable = 0x1A4; // 0644
    private static readonly bool IsRunning =
        System.IO.Directory.Exists("/run/systemd/system");

    private static readonly string[] Units =
        ["kopis.service", "kopis-smtp.service", "kopis-pop3.service"];

    /// <summary>Writes those that are not as they should be.</summary>
    /// <returns>Their names.</returns>
    internal IReadOnlyList<string> Make()
    {
        System.IO.Directory.CreateDirectory(Directory);
        List<string> made = [];
        foreach (string name in Units)
        {
            string path = Path.Combine(Directory, name);
            if (File.Exists(path) && !record.IsUnchanged(name, path))
            {
                continue; // Somebody's own, or changed by hand.
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

    /// <summary>Takes away those that are as they were written.</summary>
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
        using StreamReader reader = new(
            typeof(UnitFiles).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().Replace("@HOME@", home, StringComparison.Ordinal);
    }

    private void Tell(bool changed)
    {
        if (changed && IsRunning)
        {
            tools.Run("systemctl", "daemon-reload");
        }
    }
}
