using Kopis.Mail;

namespace Kopis.Receive;

/// <summary>
/// On a submission port nobody sends before he has logged in; a user, wherever, sends as himself
/// and not without end.
/// </summary>
/// <param name="isRequired">Whether it is a submission port.</param>
/// <param name="settings">The control files.</param>
/// <param name="rates">What users have sent lately.</param>
internal sealed class SubmissionRules(
    bool isRequired, SubmissionSettings settings, SubmissionRates rates) : ISubmissionRules
{
    public SmtpAnswer? OnMail(byte[]? user, ReadOnlySpan<byte> sender) =>
        user is null ? (isRequired ? AuthReply.LoginFirst : null)
        : !settings.Senders.Allows(user, sender, settings.Me) ? AuthReply.NotYourAddress
        : !rates.TryMessage(user, settings.MessagesPerHour) ? AuthReply.TooMuchMail
        : null;

    public SmtpAnswer? OnRecipient(byte[]? user) =>
        user is not null && !rates.TryRecipient(user, settings.RecipientsPerHour)
            ? AuthReply.TooMuchMail
            : null;
}
