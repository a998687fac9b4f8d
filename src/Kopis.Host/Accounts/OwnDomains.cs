using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Posix;

namespace Kopis.Host.Accounts;

/// <summary>Makes a domain one of this host's, if it is not one yet.</summary>
internal static class OwnDomains
{
    private const string NewDomain = "--new-domain";
    private const int HangUp = 1;
    private const int PermissionsOfNew = 0x1A4; // 0644: qmail-send and qmail-smtpd read them.

    /// <summary>Adds the domain to <c>locals</c> and <c>rcpthosts</c>, unless <c>locals</c> or
    /// <c>virtualdomains</c> already has its mail delivered here.</summary>
    /// <returns>Sentences that say what was done; null for nothing.</returns>
    /// <exception cref="IOException">A control file cannot be written.</exception>
    internal static string? Serve(ProgramContext context, string domain)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        _ = AddressMap.Read(control).Route(ByteText.ToBytes($"x@{domain}"), out bool isLocal);
        if (isLocal)
        {
            return null;
        }

        // Without the file locals is me alone, which must not be lost when the file is made.
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
            // A new file would refuse mail for all domains but this one.
            text += "\ncontrol/rcpthosts is missing: this host accepts mail for "
                + (RcptHosts.Load(control).IsMissed ? "local addresses only" : "every domain");
        }

        return $"{text}\n{SignalSend(context)}\n";
    }

    /// <summary>A domain that is not this host's yet must be confirmed, by a word or at a terminal:
    /// mail for a misspelt domain would be kept on this host.</summary>
    /// <exception cref="ConfigurationException">It was not confirmed.</exception>
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

    /// <summary>The words of a command without the one that confirms a new domain.</summary>
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
    /// <returns>Sentences that say what was done; null if the domain is not in locals.</returns>
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

    /// <summary>Appends lines. The file is complete at each moment, and keeps its owner and rights.
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

    /// <summary>Replaces the content of a control file, which keeps its owner and rights.</summary>
    internal static void Replace(ControlDirectory control, ControlFile file, byte[] content)
    {
        string path = control.PathOf(file);
        FileStatus? old = Fd.TryStatus(Fd.PathBytes(path), out _);
        string temporary = $"{path}.tmp{Processes.Id}"; // Others may write it at the same time.
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

    /// <summary>Sends SIGHUP to the qmail-send that holds the queue, if there is one.</summary>
    internal static string SignalSend(ProgramContext context)
    {
        string path = context.In("queue/lock/sendmutex");
        if (Fd.TryStatus(Fd.PathBytes(path), out int errno, followLinks: false) is null
            && errno != Errno.NoEntry)
        {
            return "if qmail-send is running, send it HUP: kill -HUP its process";
        }

        // The kernel names the lock's holder; the file itself could be written by qmails.
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
            return false; // The process is another user's.
        }
    }
}
