using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Users.Lookup;

namespace Kopis.Server.Qmtp;

/// <summary>qmail-qmtpd: receives mail by QMTP (contract §9.2).</summary>
public static class QmailQmtpd
{
    /// <summary>Runs the program: one session on descriptors 0 and 1.</summary>
    public static int Run(ProgramContext context)
    {
        using IntakePool pool = new(context.Home);
        return SessionByHand.Serve(Handler(context, pool), context.Environment);
    }

    /// <summary>Makes the handler of a listener, which lives as long as the process.</summary>
    /// <exception cref="ConfigurationException">A control file cannot be parsed.</exception>
    public static ISessionHandler? CreateHandler(
        ProgramContext listener, IReadOnlyList<byte[]> chain)
    {
        QmtpHandler handler = Handler(listener, new IntakePool(listener.Home));
        handler.Check();
        return handler;
    }

    private static QmtpHandler Handler(ProgramContext context, IntakePool pool) => new(
        ControlDirectory.Of(context),
        environment => IntakeClients.For(context with { Environment = environment }, pool),
        new JournalSocket(context.Home, TimeProvider.System), TimeProvider.System)
    {
        Recipients = new LookupClient(context.Home, TimeProvider.System),
    };
}
