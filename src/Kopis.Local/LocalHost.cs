using Kopis.Base;
using Kopis.Queue;

namespace Kopis.Local;

/// <summary>What all deliveries of a process share.</summary>
internal sealed record LocalHost(
    ByteEnvironment Environment, ISubmissionClient Queue, MaildirWriter Maildirs,
    TimeProvider Clock, bool IsRoot)
{
    internal static LocalHost For(ProgramContext context) => new(
        context.Environment,
        SubmissionClients.For(context),
        new MaildirWriter(System.Environment.MachineName, TimeProvider.System),
        TimeProvider.System,
        Posix.Processes.EffectiveUid == 0);
}
