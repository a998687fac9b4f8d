using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>
/// <c>qmail-lspawn [--single-user] DEFAULTDELIVERY</c>: sees to local deliveries (contract §7.2).
/// Root on an installed host; opens nothing for writing and starts nothing as root.
/// </summary>
/// <remarks>With <c>--single-user</c>, or where it is not root, all of Kopis is this one user: then
/// mail goes to virtual users and the home's alias directory only.</remarks>
public static class QmailLspawnProgram
{
    private const string QueueUser = "qmailq";
    private const string PasswordUser = "qmailp";

    /// <summary>Runs it until qmail-send hangs up.</summary>
    public static int Run(ProgramContext context)
    {
        Lifeline.Watch(context);
        bool singleUser = context.ArgumentText(0) == "--single-user";
        if (context.Arguments.Count != (singleUser ? 2 : 1))
        {
            return ExitCode.Permanent;
        }

        if (!Directory.Exists(context.In("queue/mess")))
        {
            throw new ConfigurationException($"unable to switch to {context.In("queue/mess")}");
        }

        bool asRoot = Processes.EffectiveUid == 0 && !singleUser;
        uint queueUid = !asRoot ? Processes.EffectiveUid
            : UnixUsers.ByName(QueueUser)?.Uid
                ?? throw new ConfigurationException($"unable to find user {QueueUser}");
        new SpawnLoop(new SpawnSettings(
            context, context.Arguments[^1], asRoot, queueUid,
            asRoot ? UnixUsers.ByName(PasswordUser) : null)).Run();
        return ExitCode.Success;
    }
}
