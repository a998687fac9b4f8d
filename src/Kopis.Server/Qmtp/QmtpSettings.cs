using System.Net;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Net.Dns;
using Kopis.Server.Checks;
using Kopis.Server.Plugins;

namespace Kopis.Server.Qmtp;

/// <summary>qmail-qmtpd's control files (contract §2.2).</summary>
/// <param name="DataBytes">databytes; zero for no limit.</param>
/// <param name="RcptHosts">rcpthosts and morercpthosts.cdb.</param>
/// <param name="Recipients">maxrcpt and maxrcptrelay.</param>
/// <param name="Checks">The checks that qmail-smtpd makes of a message.</param>
/// <param name="IsAsked">Whether qmail-smtpd asks filters, plugins or the greylist about strangers'
/// mail.</param>
/// <param name="JournalsSubjects">journalsubjects.</param>
internal sealed record QmtpSettings(
    long DataBytes, RcptHosts RcptHosts, RecipientLimits Recipients, CheckSettings Checks,
    bool IsAsked, bool JournalsSubjects)
{
    private static readonly ControlFile[] Files =
    [
        SmtpFiles.DataBytes, .. RcptHosts.Files, .. RecipientLimits.Files,
        .. CheckSettings.Files, .. PluginList.Files, FilterFiles.Milters, SmtpFiles.Greylist,
        JournalFiles.Subjects,
    ];

    /// <summary>Whether a stranger's mail is refused. Over SMTP it might be refused by something
    /// that cannot be asked here, where the sender comes only after the message.</summary>
    internal bool Refuses(IPAddress? client) =>
        (client is null || !Checks.IsLocal(client))
        && (IsAsked || (Checks.MayRefuse && (client is null || !Checks.IsExempt(client))));

    /// <summary>The settings as of each connection; files are read again when changed.</summary>
    internal static Reloading<QmtpSettings> In(ControlDirectory control, TimeProvider time) => new(
        control.Watched(Files),
        () => new QmtpSettings(
            control.ReadLong(SmtpFiles.DataBytes), RcptHosts.Load(control),
            RecipientLimits.Load(control),
            CheckSettings.Load(control, () => MailDns.Read(control)),
            control.ReadList(FilterFiles.Milters) is { Count: > 0 }
                || !PluginList.Load(control).IsEmpty
                || !control.ReadLineOrDefault(SmtpFiles.Greylist).AsSpan().SequenceEqual("off"u8),
            control.ReadInt(JournalFiles.Subjects) == 1),
        time);
}
