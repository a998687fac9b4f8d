using Kopis.Control;

namespace Kopis.Receive;

/// <summary>qmail-qmtpd's control files (contract §2.2).</summary>
/// <param name="DataBytes">databytes; zero for no limit.</param>
/// <param name="RcptHosts">rcpthosts and morercpthosts.cdb.</param>
internal sealed record QmtpSettings(long DataBytes, RcptHosts RcptHosts)
{
    private static readonly string[] Files = ["databytes", "rcpthosts", "morercpthosts.cdb"];

    /// <summary>The settings as of each connection; files are read again when changed.</summary>
    internal static Reloading<QmtpSettings> In(ControlDirectory control, TimeProvider time) => new(
        [.. Files.Select(file => Path.Combine(control.Directory, file))],
        () => new QmtpSettings(control.ReadInt("databytes", 0), RcptHosts.Load(control)),
        time);
}
