using Kopis.Mail.Smtp;

namespace Kopis.Server.Checks;

/// <summary>What was found about what a stranger calls itself, and what follows. Pure.</summary>
/// <param name="Form">Whether it is a name.</param>
/// <param name="Owner">Whether it is ours.</param>
/// <param name="OfForm">checkhelo.</param>
/// <param name="OfOwner">checkheloself; both are tag at most for a client that is never refused.
/// </param>
internal readonly record struct HeloCheck(
    HeloFault Form, HeloFault Owner, CheckAction OfForm, CheckAction OfOwner)
{
    /// <summary>What the message is marked with.</summary>
    internal HeloFault Fault =>
        OfForm != CheckAction.Off && Form != HeloFault.None ? Form
        : OfOwner != CheckAction.Off ? Owner : HeloFault.None;

    /// <summary>The refusal; null where the recipient is taken.</summary>
    internal SmtpAnswer? Refusal(SmtpCheck check) =>
        check == SmtpCheck.HeloName ? Answer(OfForm, Form) : Answer(OfOwner, Owner);

    /// <summary>In words, for people.</summary>
    internal static string Describe(HeloFault fault) => fault switch
    {
        HeloFault.NoName => "is not a host name with a dot, nor an address in brackets",
        HeloFault.OurName => "is my name, not yours",
        HeloFault.OurAddress => "is my address, not yours",
        _ => "",
    };

    private static SmtpAnswer? Answer(CheckAction action, HeloFault fault) =>
        fault == HeloFault.None || action is not (CheckAction.Defer or CheckAction.Reject) ? null
        : new SmtpAnswer($"{(action == CheckAction.Reject ? "550 5" : "451 4")}.7.1 "
            + $"sorry, what you say in HELO {Describe(fault)}");
}
