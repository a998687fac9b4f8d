using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local.Spawn;

/// <summary><c>qmail-lspawn [--single-user] DEFAULTDELIVERY</c>: runs local deliveries (contract
/// §7.2). On an installed host it is root. It opens nothing for writing and starts nothing as root.
/// A process of its own, run as qmails, talks to qmail-send and qmail-local.</summary>
/// <remarks>With <c>--single-user</c>, or if it is not root, all of Kopis runs as its user. Then
/// mail goes only to virtual users and to the home's alias directory.</remarks>
public static class QmailLspawnProgram
{
    private const string Orders = "--orders"; // Only started by ourselves, with the queue's owner.
    private const int Root = 3; // The socket of that half.

    /// <summary>Runs the program until qmail-send closes its pipe.</summary>
    public static int Run(ProgramContext context)
    {
        string mess = context.In("queue/mess");
        if (context.ArgumentText(0) == Orders && Fd.IsInherited(Root))
        {
            return CommandLoop.Run(context, mess, Root);
        }

        Lifeline.Watch(context);
        bool singleUser = context.ArgumentText(0) == "--single-user";
        if (context.Arguments.Count != (singleUser ? 2 : 1))
        {
            return ExitCode.Permanent;
        }

        if (!Directory.Exists(mess))
        {
            throw new ConfigurationException($"unable to switch to {mess}");
        }

        bool asRoot = Processes.EffectiveUid == 0 && !singleUser;
        (int ours, int theirs) = Fd.PacketSocketPair();
        int pid = StartOrders(context, asRoot, theirs);
        Fd.Close(theirs);
        UnixUser? getpwUser = asRoot ? UnixUsers.Required("qmailp") : null;
        new SpawnLoop(context, context.Arguments[^1], getpwUser, ours).Run();
        Fd.Close(ours);
        return Processes.Wait(pid) is { Crashed: false } status
            ? status.ExitCode : ExitCode.Temporary;
    }

    /// <summary>Starts the other half. It may read messages as qmail-send may, write nowhere, and
    /// start nothing.</summary>
    private static int StartOrders(ProgramContext context, bool asRoot, int socket)
    {
        uint queueUid = asRoot ? UnixUsers.Required("qmailq").Uid : Processes.EffectiveUid;
        UnixUser? user = asRoot ? UnixUsers.Required("qmails") : null;
        ProcessStart start = ProcessStart.Own(
            context, "qmail-lspawn", ByteText.ToBytes(Orders), ByteText.ToBytes($"{queueUid}"));
        return (start with
        {
            Identity = user is null ? null : ProcessIdentity.Of(user),
            Confinement = new Confinement([], MayRunPrograms: false) { HasNetwork = false },
            Descriptors = ProcessStart.InOrder(0, 1, 2, socket),
        }).Start();
    }
}
