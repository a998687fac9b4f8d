using Kopis.Mail.Smtp;

namespace Kopis.Server.Checks;

/// <summary>What becomes of a message that was checked.</summary>
/// <param name="Field">Its Authentication-Results, in lines that end in LF.</param>
/// <param name="Refusal">What the client is told; null: the message is taken.</param>
/// <param name="Words">The results and what follows from them, for the log: one line of printing
/// ASCII.</param>
internal sealed record CheckVerdict(byte[] Field, SmtpAnswer? Refusal, string Words)
{
    /// <summary>Whether SPF and iprev both speak for it.</summary>
    internal bool IsVouchedFor { get; init; }

    /// <summary>What goes into a report once it is known what becomes of the message, by its
    /// refusal, if any; null where nobody asks for one.</summary>
    internal Func<SmtpAnswer?, ReportedVerdict?> Reported { get; init; } = static _ => null;
}
