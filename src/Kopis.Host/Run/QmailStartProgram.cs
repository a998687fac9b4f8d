using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Lookup;

namespace Kopis.Host.Run;

/// <summary><c>qmail-start [defaultdelivery [logger arg…]]</c> (contract §6.1): starts the queue
/// writer and the delivery programs, as root with the users of an installed host, and keeps them
/// running. A first argument with two hyphens asks for a part of them: <c>--queue</c>, what accepts
/// mail and answers the listeners; <c>--delivery</c>, the rest; <c>--readers</c>, only what a POP3
/// listener needs.</summary>
public static class QmailStartProgram
{
    /// <summary>The first argument for each part.</summary>
    internal const string Readers = "--readers", Queue = "--queue", Delivery = "--delivery";
    private const int OthersMayRead = 0x12; // umask 022.

    /// <summary>Runs until SIGTERM.</summary>
    public static int Run(ProgramContext context)
    {
        Lifeline.Watch(context);
        Fd.KeepFromPrograms();
        Processes.SetFileModeMask(OthersMayRead);
        context = context with { Environment = context.Environment.Only(HostPlan.Variables) };
        string? part = context.ArgumentText(0);
        byte[][] words = [.. context.Arguments.Skip(part is Readers or Queue or Delivery ? 1 : 0)];
        bool delivers = part is not (Readers or Queue);
        if (delivers && FileLocks.IsHeld(context.In("queue/lock/sendmutex")))
        {
            // That qmail-send has no supervisor, or an old one that takes no locks.
            throw new ConfigurationException($"{context.Home}: qmail-send is already running");
        }

        HomeClaim.Acquire(context.Home, queue: part != Delivery, delivers);
        bool singleUser = Processes.EffectiveUid != 0;
        HostPlan plan = new(context, words.FirstOrDefault() ?? "./Mailbox"u8.ToArray(), singleUser);
        List<Unit> units = [];
        int log = 1;
        if (words.Length > 1)
        {
            // A restarted logger gets the same pipe, so that no line is lost.
            (int read, log) = Fd.Pipe();
            units.Add(new Unit(plan.Logger(read, words[1..]), layer: -1));
        }

        // The directory users is root's, but the process that serves the sockets is not root. They
        // are not disposed: that would remove their names, and root changes no file.
        Socket[] sockets = singleUser || part == Delivery ? []
            : [LookupSocket.Listen(context.Home), LookupSocket.ListenForReaders(context.Home)];
        if (sockets.Length == 0 && part != Delivery)
        {
            units.Add(new Unit(plan.LookupAlone(), layer: 0));
        }
        else if (part != Delivery)
        {
            (int judge, int root) = Fd.PacketSocketPair(); // Kept open for restarts.
            units.Add(new Unit(plan.Lookup(sockets[0], sockets[1], root), layer: 0)
            {
                Clients = UnixUsers.Required("qmaild").Uid,
            });
            units.Add(new Unit(plan.Readers(judge), layer: 0));
        }

        if (part is not (Readers or Delivery))
        {
            units.AddRange([new(plan.Journal(), layer: -1), new(plan.Writer(), layer: 0)]);
        }

        units.AddRange(delivers ? [plan.Delivery(log, layer: 1)] : []);

        using SupervisorSignals signals = new(SupervisorSignals.Reread, SupervisorSignals.Alarm);
        new Supervisor(units, signals, "qmail-start").Run(() => { });
        GC.KeepAlive(sockets);
        return ExitCode.Success;
    }
}
