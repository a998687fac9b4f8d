using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>The checks of a recipient that ask nobody, in the order of <see cref="SmtpCheck"/>.
/// </summary>
internal static class RcptChecks
{
    /// <summary>The first that refuses; null where none does.</summary>
    /// <param name="policy">The host's rules.</param>
    /// <param name="transaction">The message's envelope so far.</param>
    /// <param name="subject">Whose mail it is.</param>
    /// <param name="recipient">The recipient.</param>
    /// <param name="isVouchedFor">The host has said that only limits count.</param>
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

    /// <summary>The reply to a recipient of which this is known; null where it is taken.</summary>
    internal static SmtpAnswer? ReplyTo(LookupVerdict verdict, RoutedRecipient recipient) =>
        verdict switch
        {
            LookupVerdict.Yes => null,
            LookupVerdict.No => recipient.IsSrs ? SmtpReply.BadSrs : SmtpReply.NoMailbox,
            LookupVerdict.Full => SmtpReply.MailboxFull,
            _ => SmtpReply.RecipientLater,
        };

    /// <summary>Which check it is that the host rules on there.</summary>
    internal static SmtpCheck At(SmtpHook hook) => hook switch
    {
        SmtpHook.Helo => SmtpCheck.HeloPlugins,
        SmtpHook.Mail => SmtpCheck.MailPlugins,
        SmtpHook.Rcpt => SmtpCheck.RcptPlugins,
        SmtpHook.Accept => SmtpCheck.Greylist,
        _ => SmtpCheck.DataPlugins,
    };
}
