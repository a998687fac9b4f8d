namespace Kopis.Mail.Smtp;

/// <summary>What must be asked before a command is answered.</summary>
/// <param name="Sender">Set where it is whether the user may send as this sender; null if it is
/// whether there is the recipient.</param>
/// <param name="Recipient">The one that was named.</param>
public readonly record struct SmtpQuestion(byte[]? Sender, RoutedRecipient Recipient)
{
    /// <summary>Where the host is asked what to do, and answers by
    /// <see cref="SmtpSession.OnRuling"/>; none for the other questions.</summary>
    public SmtpHook Hook { get; init; }

    /// <summary>With a hook: whose mail it is about.</summary>
    public SmtpSubject Subject { get; init; }

    /// <summary>Where it is a question for filters, about what; its answer goes to
    /// <see cref="SmtpSession.OnFiltered"/>.</summary>
    public FilterStage Filters { get; init; }
}
