using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Server;

/// <summary>The most recipients of one message.</summary>
/// <param name="Strangers">maxrcpt: of a client that only brings mail for this host.</param>
/// <param name="Known">maxrcptrelay: of one that may relay, and of a user.</param>
internal sealed record RecipientLimits(int Strangers, int Known)
{
    /// <summary>The control files.</summary>
    internal static IReadOnlyList<ControlFile> Files { get; } =
        [SmtpFiles.MaxRcpt, SmtpFiles.MaxRcptRelay];

    /// <summary>Reads them; a maxrcpt without the other is for all.</summary>
    internal static RecipientLimits Load(ControlDirectory control)
    {
        long? strangers = control.TryReadLong(SmtpFiles.MaxRcpt);
        long known = control.TryReadLong(SmtpFiles.MaxRcptRelay) ?? strangers
            ?? control.ReadLong(SmtpFiles.MaxRcptRelay);
        return new RecipientLimits((int)(strangers ?? SmtpFiles.MaxRcpt.Value!), (int)known);
    }
}
