using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>The checks of a recipient that need no question, in the order of
/// <see cref="SmtpCheck"/>.</summary>
internal static class RcptChecks
{
    /// <summary>The first refusal; null if no check refuses.</summary>
    /// <param name="policy">The host's rules.</param>
    /// <param name="transaction">The message's envelope so far.</param>
    /// <param name="subject">The client and the envelope that are checked.</param>
    /// <param name="recipient">The recipient.</param>
    /// <param name="isVouchedFor">Whether the host has said that only limits apply.</param>
    internal static (SmtpCheck Check, SmtpAnswer Refusal)? Judge(
        ISmtpPolicy policy, ServerTransaction transaction, in SmtpSubject subject,
        RoutedRecipient recipient, bool isVouchedFor)
    {
        for (SmtpCheck check = SmtpCheck.BadMailFrom; check <= SmtpCheck.HeloSelf; check++)
        {
            SmtpAnswer? refusal = check switch
            {
                not (SmtpCheck.RecipientCount or SmtpCheck.RecipientRate) when isVouchedFor =>
                    null,
                SmtpCheck.BadMailFrom => transaction.SenderIsBad ? SmtpReply.BadSender : null,
                SmtpCheck.RcptHosts =>
                    policy.RelayClient is not null || subject.User is not null
                        || policy.IsOurs(recipient) ? null
                    : recipient.MayBeSrs ? SmtpReply.RecipientLater : SmtpReply.NotOurs,
                SmtpCheck.RecipientCount =>
                    transaction.Recipients >= policy.RecipientsMaxFor(subject.User)
                        && !transaction.Has(subject.Recipient)
                        ? SmtpReply.TooManyRecipients : null,
                _ => policy.RefuseRecipient(check, subject),
            };
            if (refusal is not null)
            {
                return (check, refusal);
            }
        }

        return null;
    }

    /// <summary>The reply to a recipient with this verdict; null if it is accepted.</summary>
    internal static SmtpAnswer? ReplyTo(LookupVerdict verdict, RoutedRecipient recipient) =>
        verdict switch
        {
            LookupVerdict.Yes => null,
            LookupVerdict.No => recipient.IsSrs ? SmtpReply.BadSrs : SmtpReply.NoMailbox,
            LookupVerdict.Full => SmtpReply.MailboxFull,
            _ => SmtpReply.RecipientLater,
        };

    /// <summary>The check on which the host rules at this point.</summary>
    internal static SmtpCheck At(SmtpHook hook) => hook switch
    {
        SmtpHook.Helo => SmtpCheck.HeloPlugins,
        SmtpHook.Mail => SmtpCheck.MailPlugins,
        SmtpHook.Rcpt => SmtpCheck.RcptPlugins,
        SmtpHook.Accept => SmtpCheck.Greylist,
        _ => SmtpCheck.DataPlugins,
    };
}
