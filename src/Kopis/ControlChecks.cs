using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Host.Certificates;
using Kopis.Host.Run;
using Kopis.Net.Tls;
using Kopis.Remote;
using Kopis.Send;
using Kopis.Server.Smtp;
using Kopis.Tools.Journal;
using Kopis.Users.Logins;

namespace Kopis;

/// <summary>Reads each program's control files as that program will, before it is started.
/// </summary>
internal static class ControlChecks
{
    /// <summary>One for each program, or for each part of one that can be wrong by itself. The
    /// result is what is wrong and stops nobody.</summary>
    internal static readonly Func<ControlDirectory, IEnumerable<string>>[] Readers =
    [
        control => Nothing(() => QmailSmtpd.CheckControls(control)),
        control => Nothing(() => BearerTokens.In(control, TimeProvider.System)),
        control => Nothing(
            () => _ = new TlsServer(control, TimeProvider.System, static _ => { }).IsOffered),
        control => Nothing(() => QmailSendProgram.CheckControls(control)),
        QmailRemoteProgram.CheckControls,
        control => Nothing(() => JournalProgram.CheckControls(control)),
        control => Nothing(() => AcmeProgram.CheckControls(control)),
        control => Nothing(() => NetworkList.Load(control, ListenerFiles.ProxyClients)),
        FirstRules.Faults,
    ];

    /// <summary>What stops a program that <c>kopis run</c> would start.</summary>
    /// <exception cref="Base.ConfigurationException">That.</exception>
    internal static void All(ControlDirectory control)
    {
        foreach (Func<ControlDirectory, IEnumerable<string>> read in Readers)
        {
            _ = read(control);
        }
    }

    private static IEnumerable<string> Nothing(Action read)
    {
        read();
        return [];
    }
}
