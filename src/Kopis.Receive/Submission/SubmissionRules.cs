using Kopis.Mail;

namespace Kopis.Receive;

/// <summary>
/// On a submission port nobody sends before he has logged in; a user, wherever, sends as himself.
/// </summary>
/// <param name="isRequired">Whether it is a submission port.</param>
/// <param name="settings">The control files.</param>
internal sealed class SubmissionRules(bool isRequired, SubmissionSettings settings)
    : ISubmissionRules
{
    public SmtpAnswer? OnMail(byte[]? user, ReadOnlySpan<byte> sender) =>
        user is null ? (isRequired ? AuthReply.LoginFirst : null)
        : !settings.Senders.Allows(user, sender, settings.Me) ? AuthReply.NotYourAddress
        : null;
}
