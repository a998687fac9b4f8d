using Kopis.Mail.Filtering;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Filters;

/// <summary>A filter's answer.</summary>
/// <param name="Decision">The decision.</param>
/// <param name="Answer">The reply to the client, with <see cref="FilterDecision.Refuse"/>.</param>
/// <param name="Changes">Changes to a whole message; null: none.</param>
/// <param name="Body">A new body with lines that end in LF, which the caller disposes; null: the
/// old one stays.</param>
internal sealed record FilterVerdict(
    FilterDecision Decision, SmtpAnswer? Answer = null, MessageChanges? Changes = null,
    HeldBytes? Body = null)
{
    /// <summary>The filter has no objection.</summary>
    internal static FilterVerdict Continue { get; } = new(FilterDecision.Continue);
}
