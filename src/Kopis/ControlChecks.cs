using Kopis.Config;
using Kopis.Host.Certificates;
using Kopis.Remote;
using Kopis.Send;
using Kopis.Server.Smtp;

namespace Kopis;

/// <summary>Reads each program's control files as that program will, before it is started.
/// </summary>
internal static class ControlChecks
{
    internal static void All(ControlDirectory control)
    {
        QmailSmtpd.CheckControls(control);
        QmailSendProgram.CheckControls(control);
        QmailRemoteProgram.CheckControls(control);
        AcmeProgram.CheckControls(control);
    }
}
