namespace Kopis.Mail.Smtp;

/// <summary>A question that must be answered before the reply to a command.</summary>
/// <param name="Sender">The sender, if the question is whether the user may send with it; null if
/// the question is whether the recipient exists.</param>
/// <param name="Recipient">The recipient that was named.</param>
public readonly record struct SmtpQuestion(byte[]? Sender, RoutedRecipient Recipient)
{
    /// <summary>The point at which the host is asked for a ruling, which goes to
    /// <see cref="SmtpSession.OnRuling"/>; none for other questions.</summary>
    public SmtpHook Hook { get; init; }

    /// <summary>With a hook: the client and the envelope.</summary>
    public SmtpSubject Subject { get; init; }

    /// <summary>The subject of a question to filters, whose answer goes to
    /// <see cref="SmtpSession.OnFiltered"/>.</summary>
    public FilterStage Filters { get; init; }
}
