using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Server.Qmtp;

/// <summary>qmail-qmtpd's control files (contract §2.2).</summary>
/// <param name="DataBytes">databytes; zero for no limit.</param>
/// <param name="RcptHosts">rcpthosts and morercpthosts.cdb.</param>
/// <param name="Recipients">maxrcpt and maxrcptrelay.</param>
internal sealed record QmtpSettings(
    long DataBytes, RcptHosts RcptHosts, RecipientLimits Recipients)
{
    private static readonly ControlFile[] Files =
        [SmtpFiles.DataBytes, .. RcptHosts.Files, .. RecipientLimits.Files];

    /// <summary>The settings as of each connection; files are read again when changed.</summary>
    internal static Reloading<QmtpSettings> In(ControlDirectory control, TimeProvider time) => new(
        control.Watched(Files),
        () => new QmtpSettings(
            control.ReadLong(SmtpFiles.DataBytes), RcptHosts.Load(control),
            RecipientLimits.Load(control)),
        time);
}
