using Kopis.Mail.Smtp;

namespace Kopis.Server.Checks;

/// <summary>The decision about a checked message.</summary>
/// <param name="Field">Its Authentication-Results, in lines that end in LF.</param>
/// <param name="Refusal">The reply of a refusal; null: the message is accepted.</param>
/// <param name="Words">The results and the decision for the log: one line of printable ASCII.
/// </param>
internal sealed record CheckVerdict(byte[] Field, SmtpAnswer? Refusal, string Words)
{
    /// <summary>Whether both SPF and iprev pass.</summary>
    internal bool IsVouchedFor { get; init; }

    /// <summary>Makes the entry of a report, given the final refusal of the message, if any; null
    /// if nobody asks for one.</summary>
    internal Func<SmtpAnswer?, ReportedVerdict?> Reported { get; init; } = static _ => null;
}
