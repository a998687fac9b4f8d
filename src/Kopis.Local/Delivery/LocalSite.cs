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
    IMailboxFiles Files, bool MayRunPrograms)
{
    /// <summary>The giver of names for Maildir messages.</summary>
    internal MaildirNames Names { get; } = new(Time);

    /// <summary>The site of a program.</summary>
    internal static LocalSite Of(ProgramContext context, bool mayRunPrograms) => new(
        context.Environment, TimeProvider.System, IntakeClients.For(context),
        new SharedMailboxFiles(new MailboxFiles(FileSystem.Real)), mayRunPrograms);
}
