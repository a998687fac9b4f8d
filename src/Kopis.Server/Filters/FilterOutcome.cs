using Kopis.Mail.Smtp;

namespace Kopis.Server.Filters;

/// <summary>The decision of all filters about a message.</summary>
/// <param name="Refusal">The reply if it is refused; null if it is accepted.</param>
/// <param name="Draft">The message to queue, which the caller disposes; null if it is accepted and
/// dropped.</param>
/// <param name="Envelope">Its envelope.</param>
internal sealed record FilterOutcome(SmtpAnswer? Refusal, MessageDraft? Draft, byte[] Envelope);
