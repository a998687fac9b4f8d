using Kopis.Mail.Filtering;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Filters;

/// <summary>A filter's answer.</summary>
/// <param name="Decision">What it wants.</param>
/// <param name="Answer">Of <see cref="FilterDecision.Refuse"/>: the reply to the client.</param>
/// <param name="Changes">What it changes of a whole message; null for nothing.</param>
/// <param name="Body">Another body, lines ended by LF, which the caller disposes; null for the same
/// one.</param>
internal sealed record FilterVerdict(
    FilterDecision Decision, SmtpAnswer? Answer = null, MessageChanges? Changes = null,
    HeldBytes? Body = null)
{
    /// <summary>Nothing is to be said.</summary>
    internal static FilterVerdict Continue { get; } = new(FilterDecision.Continue);
}
