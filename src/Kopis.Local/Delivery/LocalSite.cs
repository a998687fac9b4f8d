using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Intake;

namespace Kopis.Local.Delivery;

/// <summary>What all deliveries of a qmail-local process share; used by all its threads.</summary>
/// <param name="Environment">The environment that programs inherit.</param>
/// <param name="Time">The clock.</param>
/// <param name="Queue">Queues forwarded messages.</param>
/// <param name="Files">The disk, for Maildirs.</param>
/// <param name="MayRunPrograms">False if programs would run as root.</param>
internal sealed record LocalSite(
    ByteEnvironment Environment, TimeProvider Time, IIntakeClient Queue,
    IFileSystem Files, bool MayRunPrograms)
{
    /// <summary>Makes the names of Maildir messages.</summary>
    internal MaildirNames Names { get; } = new(Time);

    /// <summary>Lets deliveries that end at the same time share a sync.</summary>
    internal SharedSync Sync { get; init; } = new(Files, Time);

    /// <summary>The site of a program with this context.</summary>
    internal static LocalSite Of(ProgramContext context, bool mayRunPrograms) => new(
        context.Environment, TimeProvider.System, IntakeClients.For(context),
        FileSystem.Real, mayRunPrograms);
}
