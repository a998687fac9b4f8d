using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Queue.Intake;

namespace Kopis.Server.Qmtp;

/// <summary>qmail-qmqpd: queues messages from qmail-qmqpc on other hosts (contract §9.3).</summary>
public static class QmailQmqpd
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
        QmqpHandler handler = Handler(listener, new IntakePool(listener.Home));
        handler.Check();
        return handler;
    }

    private static QmqpHandler Handler(ProgramContext context, IntakePool pool) => new(
        ControlDirectory.Of(context),
        environment => IntakeClients.For(context with { Environment = environment }, pool),
        new JournalSocket(context.Home, TimeProvider.System), TimeProvider.System);
}
