using Kopis.Mail.Smtp;

namespace Kopis.Server.Checks;

/// <summary>The result of checking a stranger's HELO name, and what follows. Pure.</summary>
/// <param name="Form">Whether it is a valid name.</param>
/// <param name="Owner">Whether it is our own name.</param>
/// <param name="OfForm">The action of checkhelo.</param>
/// <param name="OfOwner">The action of checkheloself. Both are at most tag for a client that is
/// never refused.</param>
internal readonly record struct HeloCheck(
    HeloFault Form, HeloFault Owner, CheckAction OfForm, CheckAction OfOwner)
{
    /// <summary>The fault that the message is marked with.</summary>
    internal HeloFault Fault =>
        OfForm != CheckAction.Off && Form != HeloFault.None ? Form
        : OfOwner != CheckAction.Off ? Owner : HeloFault.None;

    /// <summary>The refusal; null if the recipient is accepted.</summary>
    internal SmtpAnswer? Refusal(SmtpCheck check) =>
        check == SmtpCheck.HeloName ? Answer(OfForm, Form) : Answer(OfOwner, Owner);

    /// <summary>Describes a fault for people.</summary>
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
