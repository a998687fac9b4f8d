using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users;

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
        byte[][] words = [.. context.Arguments];
        bool singleUser = Processes.EffectiveUid != 0;
        HostPlan plan = new(context, words.FirstOrDefault() ?? "./Mailbox"u8.ToArray(), singleUser);
        List<Unit> units = [];
        int log = 1;
        if (words.Length > 1)
        {
            // Started again, the logger has the same pipe, so that no line is lost.
            (int read, log) = Fd.Pipe();
            units.Add(new Unit(plan.Logger(read, words[1..]), layer: -1));
        }

        units.Add(new Unit(plan.Writer(), layer: 0));

        // The users directory is root's; whoever answers there is not. Not disposed of: that would
        // remove the socket's name, and root changes no file.
        Socket? lookup = singleUser ? null : LookupSocket.Listen(context.Home);
        units.Add(new Unit(lookup is null ? plan.LookupAlone() : plan.Lookup(lookup), layer: 0));
        units.Add(plan.Delivery(log, layer: 1));
        using SupervisorSignals signals = new();
        new Supervisor(units, signals, "qmail-start").Run(() => { });
        GC.KeepAlive(lookup);
        return ExitCode.Success;
    }
}
