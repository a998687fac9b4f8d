using Kopis.Mail.Smtp;

namespace Kopis.Server.Filters;

/// <summary>What all filters together want to become of a message.</summary>
/// <param name="Refusal">The reply of one that is refused; null for one that is taken.</param>
/// <param name="Draft">The message to queue, which the caller disposes; null for one that is taken
/// and forgotten.</param>
/// <param name="Envelope">Its envelope.</param>
internal sealed record FilterOutcome(SmtpAnswer? Refusal, MessageDraft? Draft, byte[] Envelope);
