using Kopis.Mail.Sasl;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Submission;

/// <summary>
/// On a submission port a login comes before mail; a user, on any port, sends as that user.
/// Of one session.
/// </summary>
/// <param name="isRequired">Whether it is a submission port.</param>
/// <param name="settings">The control files.</param>
/// <param name="senders">Who knows users' aliases; null if nobody does.</param>
internal sealed class SubmissionRules(
    bool isRequired, SubmissionSettings settings, ISenderCheck? senders) : ISubmissionRules
{
    private readonly bool _hasAliases = senders is { KnowsSenders: true };

    public SmtpAnswer? OnMail(byte[]? user, ReadOnlySpan<byte> sender, out bool isInDoubt)
    {
        isInDoubt = false;
        if (user is null)
        {
            return isRequired ? AuthReply.LoginFirst : null;
        }

        if (settings.Senders.Allows(user, sender, settings.Me))
        {
            return null;
        }

        if (settings.Senders.IsUnclear(user))
        {
            return AuthReply.YourAddressesLater;
        }

        // An alias may be his: who knows that is asked at RCPT.
        isInDoubt = _hasAliases && sender.Contains((byte)'@');
        return isInDoubt ? null : AuthReply.NotYourAddress;
    }
}
