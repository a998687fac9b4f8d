using Kopis.Mail.Sasl;
using Kopis.Mail.Smtp;
using Kopis.Server.Smtp;

namespace Kopis.Server.Submission;

/// <summary>
/// On a submission port nobody sends before he has logged in; a user, wherever, sends as himself.
/// Of one session.
/// </summary>
/// <param name="isRequired">Whether it is a submission port.</param>
/// <param name="settings">The control files.</param>
/// <param name="services">Who knows users' aliases.</param>
internal sealed class SubmissionRules(
    bool isRequired, SubmissionSettings settings, SmtpServices services) : ISubmissionRules
{
    private readonly SenderCheck? _aliases =
        services.Recipients is LookupRecipients { KnowsSenders: true } lookup
            ? new SenderCheck(lookup)
            : null;

    /// <summary>Asks about recipients, once the sender is proven; null where nobody need be asked
    /// about that.</summary>
    internal IRecipientCheck? Recipients => _aliases;

    public SmtpAnswer? OnMail(byte[]? user, ReadOnlySpan<byte> sender)
    {
        if (user is null)
        {
            return isRequired ? AuthReply.LoginFirst : null;
        }

        if (settings.Senders.Allows(user, sender, settings.Me))
        {
            _aliases?.Trust();
            return null;
        }

        if (settings.Senders.IsUnclear(user))
        {
            return AuthReply.YourAddressesLater;
        }

        // A refused MAIL leaves the message before it as it was, and so the doubt about it.
        if (_aliases is null || !sender.Contains((byte)'@'))
        {
            return AuthReply.NotYourAddress;
        }

        // An alias may be his: who knows that is asked at RCPT, as a recipient is.
        _aliases.Doubt(user, sender);
        return null;
    }
}
