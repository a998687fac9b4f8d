using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Server.Qmtp;

/// <summary>qmail-qmqpd's control files.</summary>
/// <param name="RecipientsMax">maxrcptrelay.</param>
/// <param name="JournalsSubjects">journalsubjects.</param>
internal sealed record QmqpSettings(int RecipientsMax, bool JournalsSubjects)
{
    /// <summary>The settings as of each connection; files are read again when changed.</summary>
    internal static Reloading<QmqpSettings> In(ControlDirectory control, TimeProvider time) => new(
        control.Watched([.. RecipientLimits.Files, JournalFiles.Subjects]),
        () => new QmqpSettings(
            RecipientLimits.Load(control).Known, control.ReadInt(JournalFiles.Subjects) == 1),
        time);
}
