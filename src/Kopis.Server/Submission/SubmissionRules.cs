using Kopis.Mail.Sasl;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Submission;

/// <summary>The rules for users in one session: on a submission port a login must come before mail;
/// a user may, on any port, send only as that user.</summary>
/// <param name="isRequired">Whether it is a submission port.</param>
/// <param name="settings">The control files.</param>
/// <param name="senders">Knows users' aliases; null: nobody does.</param>
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

        // The address may be an alias of the user's, which is checked at RCPT.
        isInDoubt = _hasAliases && sender.Contains((byte)'@');
        return isInDoubt ? null : AuthReply.NotYourAddress;
    }
}
