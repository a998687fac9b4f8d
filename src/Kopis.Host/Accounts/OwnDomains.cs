using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Posix;

namespace Kopis.Host.Accounts;

/// <summary>Makes a domain one of this host's, if it is not.</summary>
internal static class OwnDomains
{
    private const string NewDomain = "--new-domain";
    private const int HangUp = 1;
    private const int PermissionsOfNew = 0x1A4; // 0644: qmail-send and qmail-smtpd read them.

    /// <summary>Adds the domain to <c>locals</c> and <c>rcpthosts</c>, unless mail for it is
    /// delivered here already by <c>locals</c> or <c>virtualdomains</c>.</summary>
    /// <returns>What was done, in sentences; null for nothing.</returns>
    /// <exception cref="IOException">A control file cannot be written.</exception>
    internal static string? Serve(ProgramContext context, string domain)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        _ = AddressMap.Read(control).Route(ByteText.ToBytes($"x@{domain}"), out bool isLocal);
        if (isLocal)
        {
            return null;
        }

        // Without the file, locals is me alone: that must not be lost by making the file.
        byte[][] before = control.ReadList(HostFiles.Locals) is null
            && control.ReadLine(HostFiles.Me) is { } me
            ? [me]
            : [];
        Append(control, HostFiles.Locals, [.. before, ByteText.ToBytes(domain)]);
        string text = $"added {domain} to control/locals";
        if (control.ReadList(SmtpFiles.RcptHosts) is { } hosts)
        {
            if (!ConstMap.Set(hosts).Contains(ByteText.ToBytes(domain)))
            {
                Append(control, SmtpFiles.RcptHosts, [ByteText.ToBytes(domain)]);
                text += " and control/rcpthosts";
            }
        }
        else
        {
            // To make the file would refuse mail for all domains but this one.
            text += "\ncontrol/rcpthosts is missing: this host accepts mail for "
                + (RcptHosts.Load(control).IsMissed ? "local addresses only" : "every domain");
        }

        return $"{text}\n{SignalSend(context)}\n";
    }

    /// <summary>A domain that is not this host's yet needs a confirmation, by a
    /// word or at a terminal: mail for a misspelt one would go nowhere else any more.</summary>
    /// <exception cref="ConfigurationException">It is not.</exception>
    internal static void RequireMeant(ProgramContext context, string domain, bool isSaid)
    {
        _ = AddressMap.Read(ControlDirectory.Of(context))
            .Route(ByteText.ToBytes($"x@{domain}"), out bool isLocal);
        if (isLocal || isSaid)
        {
            return;
        }

        if (Console.IsInputRedirected)
        {
            throw AccountCommand.Refused(
                $"{domain} is not a domain of this host; {NewDomain} makes it one");
        }

        if (!Terminal.Confirm($"{domain} is not a domain of this host. Make it one? [y/N] "))
        {
            throw AccountCommand.Refused($"{domain} stays as it is ({NewDomain} does not ask)");
        }
    }

    /// <summary>The words of a command except for the one that says that a new domain is meant.
    /// </summary>
    internal static string[] WithoutNewDomain(string[] words, out bool isSaid)
    {
        isSaid = words.Contains(NewDomain);
        return [.. words.Where(word => word != NewDomain)];
    }

    /// <summary>The domains in <c>locals</c>, in lower case.</summary>
    internal static IEnumerable<string> List(ProgramContext context)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        IReadOnlyList<byte[]> lines = control.ReadList(HostFiles.Locals)
            ?? (control.ReadLine(HostFiles.Me) is { } me ? [me] : []);
        return lines.Select(line => ByteText.ToText(Ascii8.ToLower(line)));
    }

    /// <summary>Removes the domain from <c>locals</c> and <c>rcpthosts</c>.</summary>
    /// <returns>What was done, in sentences; null if it is not in locals.</returns>
    /// <exception cref="IOException">A control file cannot be written.</exception>
    internal static string? Forsake(ProgramContext context, string domain)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        if (!Without(control, HostFiles.Locals, domain))
        {
            return null;
        }

        string text = $"removed {domain} from control/locals"
            + (Without(control, SmtpFiles.RcptHosts, domain) ? " and control/rcpthosts" : "");
        return $"{text}\n{SignalSend(context)}\n";
    }

    // False if the domain is not in the file.
    private static bool Without(ControlDirectory control, ControlList file, string domain)
    {
        if (control.ReadWhole(file) is not { } content)
        {
            return false;
        }

        string[] lines = ByteText.ToText(content).Split('\n');
        string[] kept = [.. lines.Where(line =>
            !line.TrimEnd(' ', '\t', '\r').Equals(domain, StringComparison.OrdinalIgnoreCase))];
        if (kept.Length == lines.Length)
        {
            return false;
        }

        Replace(control, file, ByteText.ToBytes(string.Join('\n', kept)));
        return true;
    }

    /// <summary>Appends lines; the file is whole at each moment and keeps its owner and rights.
    /// </summary>
    internal static void Append(ControlDirectory control, ControlList file, byte[][] lines)
    {
        byte[] content = control.ReadWhole(file) ?? [];
        if (content is [.., not (byte)'\n'])
        {
            content = [.. content, (byte)'\n'];
        }

        foreach (byte[] line in lines)
        {
            content = [.. content, .. line, (byte)'\n'];
        }

        Replace(control, file, content);
    }

    /// <summary>Gives a file of control new content; it keeps its owner and rights.</summary>
    internal static void Replace(ControlDirectory control, ControlFile file, byte[] content)
    {
        string path = control.PathOf(file);
        FileStatus? old = Fd.TryStatus(Fd.PathBytes(path), out _);
        string temporary = $"{path}.tmp{Processes.Id}"; // Another may be writing it, too.
        Paths.Unlink(temporary);
        Paths.WriteNew(temporary, content, old?.Permissions ?? PermissionsOfNew);
        if (old is { } status)
        {
            Paths.ChangeMode(temporary, status.Permissions);
            if (Processes.EffectiveUid == 0)
            {
                Paths.ChangeOwner(temporary, status.Uid, status.Gid);
            }
        }

        Paths.Rename(temporary, path);
        Fd.SyncDirectory(control.Directory);
    }

    /// <summary>SIGHUP to the qmail-send that holds the queue, if one does.</summary>
    internal static string SignalSend(ProgramContext context)
    {
        string path = context.In("queue/lock/sendmutex");
        if (Fd.TryStatus(Fd.PathBytes(path), out int errno, followLinks: false) is null
            && errno != Errno.NoEntry)
        {
            return "if qmail-send is running, send it HUP: kill -HUP its process";
        }

        // The lock's holder, from the kernel: the file itself can be written by qmails.
        return FileLocks.HolderOf(path) is not { } pid ? "qmail-send is not running"
            : pid > 1 && TrySignal(pid) ? "qmail-send was notified"
            : $"notify qmail-send: kill -HUP {(pid > 1 ? pid : "its process")}";
    }

    private static bool TrySignal(int pid)
    {
        try
        {
            return Processes.Signal(pid, HangUp);
        }
        catch (PosixException)
        {
            return false; // It is another user's.
        }
    }
}
