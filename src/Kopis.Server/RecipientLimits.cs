using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Server;

/// <summary>The limits on recipients of one message.</summary>
/// <param name="Strangers">maxrcpt: for a client that may only send mail for this host.</param>
/// <param name="Known">maxrcptrelay: for a client that may relay, and for users.</param>
internal sealed record RecipientLimits(int Strangers, int Known)
{
    /// <summary>The control files.</summary>
    internal static IReadOnlyList<ControlFile> Files { get; } =
        [SmtpFiles.MaxRcpt, SmtpFiles.MaxRcptRelay];

    /// <summary>Reads the files. A maxrcpt alone applies to all.</summary>
    internal static RecipientLimits Load(ControlDirectory control)
    {
        long? strangers = control.TryReadLong(SmtpFiles.MaxRcpt);
        long known = control.TryReadLong(SmtpFiles.MaxRcptRelay) ?? strangers
            ?? control.ReadLong(SmtpFiles.MaxRcptRelay);
        return new RecipientLimits((int)(strangers ?? SmtpFiles.MaxRcpt.Value!), (int)known);
    }
}
