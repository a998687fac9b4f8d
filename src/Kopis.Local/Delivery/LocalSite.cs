using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Intake;

namespace Kopis.Local.Delivery;

/// <summary>What a qmail-local process has for all its deliveries; shared by its threads.</summary>
/// <param name="Environment">What programs inherit.</param>
/// <param name="Time">The clock.</param>
/// <param name="Queue">The way of forwards.</param>
/// <param name="Files">The disk, for Maildirs.</param>
/// <param name="MayRunPrograms">False where they would run as root.</param>
internal sealed record LocalSite(
    ByteEnvironment Environment, TimeProvider Time, IIntakeClient Queue,
    IFileSystem Files, bool MayRunPrograms)
{
    /// <summary>The giver of names for Maildir messages.</summary>
    internal MaildirNames Names { get; } = new(Time);

    /// <summary>Lets deliveries that end at the same time share a sync.</summary>
    internal SharedSync Sync { get; init; } = new(Files, Time);

    /// <summary>The site of a program.</summary>
    internal static LocalSite Of(ProgramContext context, bool mayRunPrograms) => new(
        context.Environment, TimeProvider.System, IntakeClients.For(context),
        FileSystem.Real, mayRunPrograms);
}
