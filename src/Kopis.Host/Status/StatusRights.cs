using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Host.Web;
using Kopis.Posix;

namespace Kopis.Host.Status;

/// <summary>As whom a host is asked: root has qmaild say when the certificate ends, and goes on as
/// the dashboard's user, who may ask qmail-send and read the journal, and no more.</summary>
internal static class StatusRights
{
    private const string CertificateVariable = "KOPIS_CERTIFICATE_UNTIL";

    /// <summary>Root begins again as the owner of web; others go on as they are.</summary>
    /// <returns>When the certificate ends, where root knows.</returns>
    internal static DateTimeOffset? GoOn(ProgramContext context)
    {
        if (Processes.EffectiveUid == 0 && CertificateEnd.Of(context.Home) is { } end)
        {
            context.Environment[CertificateVariable] = Encoding.ASCII.GetBytes(
                end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        }

        OwnerWork.GoOnAsOwnerOf(context.In(WebProgram.Folder), context);
        return context.Environment[CertificateVariable] is { } said
            ? CertificateEnd.Parse(ByteText.ToText(said)) : null;
    }

    /// <summary>Asks the host.</summary>
    internal static HostReport Gather(ProgramContext context) =>
        HostReport.Gather(context.Home, GoOn(context));
}
