using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Host.Certificates;
using Kopis.Host.Run;
using Kopis.Host.Status;
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
    internal static readonly ControlReader[] Readers =
    [
        new("qmail-smtpd", control => Nothing(() => QmailSmtpd.CheckControls(control))),
        new("qmail-smtpd", Tokens),
        new("qmail-popup", Tokens),
        new("qmail-smtpd", Certificate),
        new("qmail-popup", Certificate),
        new("qmail-send", control => Nothing(() => QmailSendProgram.CheckControls(control))),
        new("qmail-rspawn", QmailRemoteProgram.CheckControls),
        new("qmail-journal", control => Nothing(() => JournalProgram.CheckControls(control))),
        new("kopis-metrics", control => Nothing(() => MetricsProgram.CheckControls(control))),
        new("kopis-acme", control => Nothing(() => AcmeProgram.CheckControls(control))),
        new(
            "tcpserver",
            control => Nothing(() => NetworkList.Load(control, ListenerFiles.ProxyClients))),
        new("tcprules", FirstRules.Faults),
    ];

    /// <summary>What stops a program that <c>kopis run</c> would start.</summary>
    /// <exception cref="Base.ConfigurationException">That.</exception>
    internal static void All(ControlDirectory control)
    {
        foreach (ControlReader reader in Readers)
        {
            _ = reader.Read(control);
        }
    }

    private static IEnumerable<string> Tokens(ControlDirectory control) =>
        Nothing(() => BearerTokens.In(control, TimeProvider.System));

    private static IEnumerable<string> Certificate(ControlDirectory control) => Nothing(
        () => _ = new TlsServer(control, TimeProvider.System, static _ => { }).IsOffered);

    private static IEnumerable<string> Nothing(Action read)
    {
        read();
        return [];
    }
}
