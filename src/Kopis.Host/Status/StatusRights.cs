using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Host.Web;
using Kopis.Posix;

namespace Kopis.Host.Status;

/// <summary>As whom a host is asked: root reads when the certificate ends, which qmaild alone has,
/// and goes on as the dashboard's user, who may ask qmail-send and read the journal, and no more.
/// </summary>
internal static class StatusRights
{
    private const string CertificateVariable = "KOPIS_CERTIFICATE_UNTIL";

    /// <summary>Root begins again as the owner of web; others go on as they are.</summary>
    /// <returns>When the certificate ends, where root has read it.</returns>
    internal static DateTimeOffset? GoOn(ProgramContext context)
    {
        if (Processes.EffectiveUid == 0 && HostGathering.CertificateUntil(context.Home) is { } end)
        {
            context.Environment[CertificateVariable] = Encoding.ASCII.GetBytes(
                end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        }

        OwnerWork.GoOnAsOwnerOf(context.In(WebProgram.Folder), context);
        return long.TryParse(
            ByteText.ToText(context.Environment[CertificateVariable]), NumberStyles.Integer,
            CultureInfo.InvariantCulture, out long seconds) && seconds is > 0 and < uint.MaxValue
                ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
    }

    /// <summary>Asks the host.</summary>
    internal static HostReport Gather(ProgramContext context) =>
        HostReport.Gather(context.Home, GoOn(context));
}
