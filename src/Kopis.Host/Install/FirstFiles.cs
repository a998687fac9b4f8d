using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Host.Run;
using Kopis.Net.Tls;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>The control files and aliases of a new installation. The first installation writes
/// each, unless it exists. Later ones leave alone what people have changed or removed.</summary>
internal sealed class FirstFiles(string home, InstallRecord record)
{
    private const int Readable = 0x1A4; // 0644
    private const int OwnerReads = 0x100; // 0400
    private const string Needed = "control/me"; // Nothing runs without it.
    private static readonly string[] Subdirectories = ["/tmp", "/new", "/cur"];
    private static readonly string[] Aliases = ["postmaster", "mailer-daemon", "root"];

    /// <summary>Makes the missing files.</summary>
    /// <returns>The files that were made, relative to the home.</returns>
    internal IEnumerable<string> Make()
    {
        bool isNameless = false;
        if (!File.Exists(Path.Combine(home, "control/me")))
        {
            string me = HostName();
            isNameless = me.EndsWith(HomeLayout.NoDomain, StringComparison.Ordinal);
            string domain = Parent(me);
            foreach ((string name, string text) in ((string, string)[])[
                ("me", me), ("defaultdomain", domain), ("plusdomain", Parent(domain)),
                ("locals", me), ("rcpthosts", me)])
            {
                if (MakeFile($"control/{name}", text + "\n"))
                {
                    yield return $"control/{name}";
                }
            }
        }

        if (isNameless)
        {
            yield return HomeLayout.NoDomainNote.Trim();
        }

        foreach (string made in MakeRules().Concat(MakeCertificate()).Concat(MakeAliases()))
        {
            yield return made;
        }

        if (new AcmeLink(home).Make() is { } link)
        {
            yield return link;
        }
    }

    private IEnumerable<string> MakeRules()
    {
        if (MakeFile($"{ListenerFiles.TcpRulesText}", FirstRules.Text))
        {
            yield return $"{ListenerFiles.TcpRulesText}";
        }

        string compiled = $"{ListenerFiles.TcpRulesDat}";
        string path = Path.Combine(home, compiled);
        if (!File.Exists(path) && File.Exists(Path.Combine(home, $"{ListenerFiles.TcpRulesText}")))
        {
            FirstRules.CompileOnce(new ControlDirectory(Path.Combine(home, "control")));
            Paths.ChangeMode(path, Readable);
            record.AddFile(compiled, BoundedFile.Read(path, InstallRecord.FileBytesMax));
            yield return compiled;
        }
    }

    private IEnumerable<string> MakeCertificate()
    {
        ControlDirectory control = new(Path.Combine(home, "control"));
        string name = $"{ListenerFiles.ServerCert}";
        if (record.HasMade(name))
        {
            yield break;
        }

        record.AddFirst(name);
        if (control.ReadLine(HostFiles.Me) is { Length: > 0 } me
            && SelfSignedCertificate.MakeMissing(
                control, ByteText.ToText(me), TimeProvider.System.GetUtcNow()))
        {
            // It contains the key, so it is for qmaild, who serves with it, and not for the group,
            // which alias is in too.
            string path = Path.Combine(home, name);
            UnixUser server = UnixUsers.ByName("qmaild")
                ?? throw new ConfigurationException("unable to find user qmaild");
            record.AddFile(name, BoundedFile.Read(path, InstallRecord.FileBytesMax));
            Paths.ChangeOwner(path, server.Uid, 0);
            Paths.ChangeMode(path, OwnerReads);
            yield return name;
        }
    }

    /// <summary>Delivers addresses that every host must have into a Maildir of alias. That user
    /// owns the directory, so all of this is done as that user.</summary>
    private List<string> MakeAliases()
    {
        List<string> made = [];
        UnixUser alias = UnixUsers.ByName("alias")
            ?? throw new ConfigurationException("unable to find user alias");
        ProcessIdentity owner = ProcessIdentity.Of(alias);
        string maildir = Path.Combine(home, "alias/Maildir");
        string[] names = [.. Aliases.Select(name => $"alias/.qmail-{name}")
            .Where(name => !record.HasMade(name))];
        if (names.Length > 0)
        {
            OwnerWork.Run(owner, [],
                ["make-directories", maildir, .. Subdirectories.Select(name => maildir + name)]);
        }

        foreach (string name in names)
        {
            record.AddFirst(name);
            byte[] content = "./Maildir/\n"u8.ToArray();
            if (OwnerWork.Run(owner, content, "make-file", Path.Combine(home, name)) == "made")
            {
                record.AddFile(name, content);
                made.Add(name);
            }
        }

        return made;
    }

    private bool MakeFile(string name, string text)
    {
        string path = Path.Combine(home, name);
        bool wasMade = record.HasMade(name) && name != Needed;
        record.AddFirst(name);
        if (wasMade || Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false) is not null)
        {
            return false;
        }

        byte[] content = Encoding.ASCII.GetBytes(text);
        PlainFile.Write(path, content, Readable);
        record.AddFile(name, content);
        return true;
    }

    /// <summary>The host's full name: its own name if that has a dot, otherwise the resolver's name
    /// for it.</summary>
    private static string HostName()
    {
        string own = Dns.GetHostName();
        if (!own.Contains('.') && own.Length > 0)
        {
            try
            {
                own = Dns.GetHostEntry(own).HostName;
            }
            catch (Exception e) when (e is SocketException or ArgumentException)
            {
                // The host has no other name yet.
            }
        }

        return HostNames.Sound(own);
    }

    /// <summary>The parent domain, if it still has a dot.</summary>
    private static string Parent(string domain)
    {
        string above = domain[(domain.IndexOf('.') + 1)..];
        return above.Contains('.') ? above : domain;
    }
}
