namespace Kopis.Mail.Smtp;

/// <summary>What must be asked before a MAIL or RCPT is answered.</summary>
/// <param name="Sender">Set where it is whether the user may send as this sender; null if it is
/// whether there is the recipient.</param>
/// <param name="Recipient">The one that was named.</param>
/// <param name="Filters">Where it is a question for filters, about what; its answer goes to
/// <see cref="SmtpSession.OnFiltered"/>.</param>
public readonly record struct SmtpQuestion(
    byte[]? Sender, RoutedRecipient Recipient, FilterStage Filters = FilterStage.None);
