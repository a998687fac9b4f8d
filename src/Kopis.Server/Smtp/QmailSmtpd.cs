using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
using Kopis.Net.Dmarc;
using Kopis.Net.Dns;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Server.Checks;
using Kopis.Server.ClientPolicy;
using Kopis.Server.Filters;
using Kopis.Server.Greylist;
using Kopis.Server.Plugins;
using Kopis.Server.Submission;
using Kopis.Users.Lookup;

namespace Kopis.Server.Smtp;

/// <summary>qmail-smtpd: receives mail by SMTP (contract §9.1).</summary>
public static class QmailSmtpd
{
    /// <summary>Runs the program: one session on descriptors 0 and 1.</summary>
    public static int Run(ProgramContext context)
    {
        using IntakePool pool = new(context.Home);
        using GreylistService greylist = Greylist(context);
        return SessionByHand.Serve(
            Handler(context, context.Arguments, pool, greylist), context.Environment);
    }

    /// <summary>Makes the handler of a listener, which lives as long as the process.</summary>
    /// <exception cref="ConfigurationException">A control file cannot be parsed.</exception>
    public static ISessionHandler? CreateHandler(
        ProgramContext listener, IReadOnlyList<byte[]> chain)
    {
        SmtpHandler handler = Handler(
            listener, [.. chain.Skip(1)], new IntakePool(listener.Home), Greylist(listener));
        handler.Check(listener.Environment);
        return handler;
    }

    /// <summary>Reads all control files of a session once.</summary>
    /// <exception cref="ConfigurationException">A file cannot be parsed.</exception>
    public static void CheckControls(ControlDirectory control)
    {
        _ = SmtpSettings.In(control, TimeProvider.System).Current();
        new ClientGate(
            control, () => MailDns.Read(control), TimeProvider.System, static _ => { }).Check();
        new MailChecks(control, () => MailDns.Read(control), TimeProvider.System).Check();
        new MailFilters(control, TimeProvider.System).Check();
        _ = PluginList.Load(control);
        using GreylistService greylist = new(
            control, control.Directory, static _ => { }, TimeProvider.System);
        greylist.Check();
    }

    // A listener's rules may set QMAILQUEUE for some of its clients.
    private static SmtpHandler Handler(
        ProgramContext context, IReadOnlyList<byte[]> words, IntakePool pool,
        GreylistService greylist)
    {
        LookupClient lookup = new(context.Home, TimeProvider.System);
        return new SmtpHandler(
            ControlDirectory.Of(context),
            environment => IntakeClients.For(context with { Environment = environment }, pool),
            lookup, lookup,
            new ClientGate(
                ControlDirectory.Of(context), () => MailDns.ReadHurried(context),
                TimeProvider.System, SmtpHandler.Log),
            SmtpLogins.Of(context, words, lookup),
            new MailChecks(
                ControlDirectory.Of(context), () => MailDns.ReadHurried(context),
                TimeProvider.System,
                new ReportCollector(
                    context.In("dmarc"), static line => SmtpHandler.Log($"warning: {line}"),
                    TimeProvider.System)),
            new MailFilters(ControlDirectory.Of(context), TimeProvider.System),
            new PluginService(
                ControlDirectory.Of(context), context.Home, SmtpHandler.Log, TimeProvider.System),
            greylist,
            new JournalSocket(context.Home, TimeProvider.System),
            TimeProvider.System);
    }

    private static GreylistService Greylist(ProgramContext context) => new(
        ControlDirectory.Of(context), context.In("greylist"), SmtpHandler.Log,
        TimeProvider.System);
}
