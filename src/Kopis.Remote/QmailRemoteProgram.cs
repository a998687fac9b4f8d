using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Net.Dns;
using Kopis.Posix;
using Kopis.Queue.QmailFormat;

namespace Kopis.Remote;

/// <summary><c>qmail-remote host sender recip…</c>: reads the message on fd 0 and writes reports to
/// fd 1. The exit code is 0 whatever they say (contract §8.2).</summary>
public static class QmailRemoteProgram
{
    /// <summary>Reads all control files once.</summary>
    /// <exception cref="ConfigurationException">A file cannot be parsed.</exception>
    /// <returns>Faults of single lines, which are ignored.</returns>
    public static IReadOnlyList<string> CheckControls(ControlDirectory control) =>
    [
        .. RemoteSettings.Read(control).Faults, .. MailDns.Read(control).Faults,
        .. SrsFaults(control),
    ];

    private static string[] SrsFaults(ControlDirectory control) =>
        SrsSettings.Read(control) is { Fault.Length: > 0, IsHidden: false } settings
            ? [$"{control.PathOf(SrsFiles.Domain)}: {settings.Fault}"] : [];

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        Fd.WriteAll(1, Deliver(context).ToBytes());
        return ExitCode.Success;
    }

    private static RemoteReport Deliver(ProgramContext context)
    {
        if (context.Arguments.Count < 3)
        {
            return RemoteReport.Of('D', "I (qmail-remote) was invoked improperly. (#5.3.5)\n");
        }

        if (!Directory.Exists(context.Home))
        {
            return RemoteReport.Of('Z', "Unable to switch to home directory. (#4.3.0)\n");
        }

        try
        {
            using DescriptorMessage message = DescriptorMessage.OfStandardInput();
            RemoteMail mail = new(
                context.Arguments[1], [.. context.Arguments.Skip(2)], message);
            return DeliverAsync(context, mail).GetAwaiter().GetResult();
        }
        catch (ConfigurationException e)
        {
            return RemoteReport.Of(
                'Z', $"Unable to read control files. (#4.3.0)\n{e.Message}\n");
        }
        catch (PosixException)
        {
            return RemoteReport.Of('Z', "Unable to read message. (#4.3.0)\n");
        }
    }

    private static async Task<RemoteReport> DeliverAsync(ProgramContext context, RemoteMail mail)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        RemoteSettings settings = RemoteSettings.Read(control);
        MailDns dns = MailDns.ReadSigned(control, Warn);
        TlsServices tls = new(context.Home, Warn, TimeProvider.System);
        await using LinkPool pool = new(TimeProvider.System, LinkPool.IdleLeast);
        RemoteDelivery delivery = new(
            settings, dns,
            new ConnectMemory(TimeProvider.System, new TimeoutFile(context.Home)),
            new LoginPauses(TimeProvider.System, Warn), TimeProvider.System,
            tls.For(settings, dns), pool);
        return await delivery.RunAsync(context.Arguments[0], mail, CancellationToken.None);
    }

    private static void Warn(string line) =>
        ErrorLog.Write($"qmail-remote: warning: {line}");
}
