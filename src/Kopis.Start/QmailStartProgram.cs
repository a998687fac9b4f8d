using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Start;

/// <summary>
/// <c>qmail-start [defaultdelivery [logger arg…]]</c> (contract §6.1): the queue writer and
/// the delivery programs, with the users of an installed host when root, kept running.
/// </summary>
public static class QmailStartProgram
{
    /// <summary>Runs until SIGTERM.</summary>
    public static int Run(ProgramContext context)
    {
        Lifeline.Watch(context);
        bool singleUser = Processes.EffectiveUid != 0;
        byte[] defaultDelivery =
            context.Arguments.Count > 0 ? context.Arguments[0] : "./Mailbox"u8.ToArray();
        HostPlan plan = new(context, defaultDelivery, singleUser);
        List<IUnit> units = [];
        int log = 1;
        if (context.Arguments.Count > 1)
        {
            (int read, log) = Fd.Pipe();
            units.Add(new LoggerUnit(plan, read, [.. context.Arguments.Skip(1)]));
        }

        units.Add(new ProcessUnit(plan.Writer(), layer: 0));
        units.Add(new ProcessUnit(plan.Lookup(), layer: 0));
        units.Add(new DeliveryUnit(plan, log));
        using SupervisorSignals signals = new();
        using Supervisor supervisor = new(units, signals, "qmail-start");
        supervisor.Run(() => { });
        return ExitCode.Success;
    }
}
