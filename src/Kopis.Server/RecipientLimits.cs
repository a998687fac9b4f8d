using Kopis.Config;
using Kopis.Mail.Smtp;

namespace Kopis.Server;

/// <summary>The most recipients of one message.</summary>
/// <param name="Strangers">maxrcpt: of a client that only brings mail for this host.</param>
/// <param name="Known">maxrcptrelay: of one that may relay, and of a user.</param>
internal sealed record RecipientLimits(int Strangers, int Known)
{
    private const string StrangersFile = "maxrcpt";
    private const string KnownFile = "maxrcptrelay";

    /// <summary>The control files.</summary>
    internal static IReadOnlyList<string> Files { get; } = [StrangersFile, KnownFile];

    /// <summary>Reads them; a maxrcpt without the other is for all.</summary>
    internal static RecipientLimits Load(ControlDirectory control)
    {
        int strangers = Read(control, StrangersFile, otherwise: 0);
        return new RecipientLimits(
            strangers > 0 ? strangers : SmtpLimits.StrangerRecipients,
            Read(control, KnownFile, strangers > 0 ? strangers : SmtpLimits.RecipientsMax));
    }

    private static int Read(ControlDirectory control, string file, int otherwise) =>
        control.ReadInt(file, otherwise, least: 1, most: SmtpLimits.RecipientsMax);
}
