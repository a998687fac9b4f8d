using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Host.Backup;
using Kopis.Host.Run;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>Makes a qmail home for <c>kopis run</c>: directories, first control files, and links to
/// the binary. Existing files are not changed.</summary>
public sealed class HomeLayout(string home)
{
    /// <summary>This host's name, from control/me.</summary>
    internal string Me { get; private set; } = "";

    /// <summary>Makes everything that is missing, and claims the home for this process.</summary>
    /// <exception cref="ConfigurationException">The home cannot be written, or another kopis run
    /// has it.</exception>
    internal void Prepare(IReadOnlyList<string> programs)
    {
        if (File.Exists(Path.Combine(home, HomeRestore.Marker)))
        {
            throw new ConfigurationException(
                $"home {home}: its restore was interrupted; run kopis restore again");
        }

        try
        {
            MakeDirectories();
            HomeClaim.Acquire(home);
            MakeControlFiles();
            LinkPrograms(programs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"home {home}: {e.Message}", e);
        }
    }

    /// <summary>Delivers addresses that every host must have into a mailbox, unless configured
    /// otherwise.</summary>
    internal void MakeAliases(string address)
    {
        foreach (string name in (string[])["postmaster", "mailer-daemon", "abuse"])
        {
            WriteNew(Path.Combine(home, "alias", $".qmail-{name}"), $"&{address}\n");
        }
    }

    private void MakeDirectories()
    {
        Directory.CreateDirectory(home);
        foreach (HomeEntry entry in HomeManifest.Entries)
        {
            if (entry is { Path.Length: > 0, PrivateMode: { } mode })
            {
                Paths.TryMakeDirectory(Path.Combine(home, entry.Path), mode);
            }
        }
    }

    /// <summary>The suffix for the name of a host without a domain.</summary>
    public const string NoDomain = ".localdomain";

    /// <summary>The warning about such a name.</summary>
    public const string NoDomainNote = """
        The name of this host has no domain, so its mail is of *.localdomain, where nobody else can
        answer it. Write its full name into control/me, locals and rcpthosts.


        """;

    private void MakeControlFiles()
    {
        ControlDirectory control = new(Path.Combine(home, "control"));
        string name = HostNames.Sound(Dns.GetHostName()); // MachineName ends at the first dot.
        WriteNew(control.PathOf(HostFiles.Me), name + "\n");
        byte[] me = control.ReadLine(HostFiles.Me) ?? [];
        if (me.Length == 0)
        {
            throw control.Bad(HostFiles.Me, "must hold this host's name");
        }

        Me = ByteText.ToText(me);
        WriteNew(control.PathOf(HostFiles.Locals), $"{Me}\nlocalhost\n");
        WriteNew(control.PathOf(SmtpFiles.RcptHosts), $"{Me}\nlocalhost\n");
        WriteNew(control.PathOf(ListenerFiles.TcpRulesText), FirstRules.Text);
        FirstRules.CompileOnce(control);
    }

    private void LinkPrograms(IReadOnlyList<string> programs)
    {
        string binary = File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)!.FullName;
        foreach (string name in programs)
        {
            string link = Path.Combine(home, "bin", name);
            if (new FileInfo(link).LinkTarget != binary)
            {
                PlainFile.Link(link, binary);
            }
        }
    }

    private static void WriteNew(string path, string content)
    {
        if (!File.Exists(path))
        {
            File.WriteAllText(path, content, Encoding.Latin1);
        }
    }

}
