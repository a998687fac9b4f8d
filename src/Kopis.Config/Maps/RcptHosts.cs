using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary>The domains for which mail is accepted from anyone: <c>rcpthosts</c>, then
/// <c>morercpthosts.cdb</c> (contract §2.3). Without the file qmail accepts mail for any domain; an
/// installed host does so only if <c>openrelay</c> says so.</summary>
public sealed class RcptHosts
{
    /// <summary>A file that the installer writes beside the directory of control files.</summary>
    private const string InstalledBy = "installed";

    private readonly ConstMap? _hosts; // Null: no such file.
    private readonly byte[]? _more;

    private RcptHosts(ConstMap? hosts, byte[]? more, bool isMissed = false)
    {
        _hosts = hosts;
        _more = more;
        IsMissed = isMissed;
    }

    /// <summary>The control files.</summary>
    public static IReadOnlyList<ControlFile> Files { get; } =
        [SmtpFiles.RcptHosts, SmtpFiles.MoreRcptHostsCdb, SmtpFiles.OpenRelay];

    /// <summary>Whether mail for any domain is accepted.</summary>
    public bool IsOpen => _hosts is null && !IsMissed;

    /// <summary>Whether the list is missing and should exist. Then mail is accepted only for
    /// addresses that are delivered here.</summary>
    public bool IsMissed { get; }

    /// <summary>Reads both files. Without <c>rcpthosts</c> the cdb is not read.</summary>
    /// <exception cref="ConfigurationException">A file exists and cannot be read.</exception>
    public static RcptHosts Load(ControlDirectory control)
    {
        if (control.ReadList(SmtpFiles.RcptHosts) is { } lines)
        {
            return new RcptHosts(
                ConstMap.Set(lines), control.ReadCdb(SmtpFiles.MoreRcptHostsCdb));
        }

        bool isMissed = IsInstalled(control) && control.ReadInt(SmtpFiles.OpenRelay) == 0;
        if (isMissed)
        {
            control.Warn(
                SmtpFiles.RcptHosts, "missing, so mail is accepted for local addresses only "
                + $"({SmtpFiles.OpenRelay} with 1 makes an open relay)");
        }

        return new RcptHosts(null, null, isMissed);
    }

    /// <summary>Whether root has installed a mail host there. Any other home behaves as with qmail.
    /// </summary>
    public static bool IsInstalled(ControlDirectory control) => File.Exists(
        Path.Combine(Path.GetDirectoryName(control.Directory) ?? "/", InstalledBy));

    /// <summary>Looks up what follows the last <c>@</c>: all of it, and then each suffix that
    /// starts at a dot. An address without <c>@</c> belongs to this host.</summary>
    public bool Contains(ReadOnlySpan<byte> address)
    {
        Address parts = new(address);
        if (_hosts is null || !parts.HasAt)
        {
            return !IsMissed || !parts.HasAt;
        }

        byte[] host = Ascii8.ToLower(parts.Domain);
        return HasAnyPart(host, _hosts, null)
            || (_more is not null && HasAnyPart(host, null, _more));
    }

    // In the one that is not null. A delegate would be allocated for each recipient.
    private static bool HasAnyPart(ReadOnlySpan<byte> host, ConstMap? hosts, byte[]? more)
    {
        int from = 0;
        while (!(hosts?.Contains(host[from..]) ?? Cdb.TryFind(more!, host[from..], out _)))
        {
            int dot = from + 1 < host.Length ? host[(from + 1)..].IndexOf((byte)'.') : -1;
            if (dot < 0)
            {
                return false;
            }

            from += 1 + dot;
        }

        return true;
    }
}
