using Kopis.Mail.Smtp;

namespace Kopis.Mail.Sasl;

/// <summary>The replies of SMTP to AUTH, and those to users (RFC 4954 §6).</summary>
public static class AuthReply
{
    /// <summary>The reply to a mechanism that is not offered.</summary>
    public static readonly SmtpAnswer NoMechanism =
        new("504 5.5.4 unrecognized authentication type");

    /// <summary>The reply to a successful AUTH.</summary>
    public static readonly SmtpAnswer LoggedIn = new("235", "2.7.0", "ok, go ahead (#2.0.0)");

    /// <summary>The reply to a wrong name or password; it does not say which.</summary>
    public static readonly SmtpAnswer LoginFailed = new("535 5.7.8 authorization failed");

    /// <summary>The reply to a response that does not fit the mechanism.</summary>
    public static readonly SmtpAnswer BadResponse = new("501 5.5.2 malformed auth input");

    /// <summary>The reply to a response that is too long to keep.</summary>
    public static readonly SmtpAnswer ResponseTooLong = new("500 5.5.6 auth input too long");

    /// <summary>The reply to a client that cancelled AUTH.</summary>
    public static readonly SmtpAnswer LoginCancelled = new("501 5.7.0 auth exchange cancelled");

    /// <summary>The reply if a login cannot be checked at present.</summary>
    public static readonly SmtpAnswer LoginLater =
        new("454 4.7.0 temporary authentication failure");

    /// <summary>The reply on a submission port to a client that has not logged in.</summary>
    public static readonly SmtpAnswer LoginFirst = new("530 5.7.0 authentication required");

    /// <summary>The reply to a user who was locked or got another password since the login; the
    /// session ends.</summary>
    public static readonly SmtpAnswer LoginOver =
        new("421 4.7.0 your login holds no more, log in again");

    /// <summary>The reply to a user who sends as somebody else.</summary>
    public static readonly SmtpAnswer NotYourAddress =
        new("553 5.7.1 sorry, that address is not yours to send from");

    /// <summary>The reply to a user whose permitted senders cannot be determined now.</summary>
    public static readonly SmtpAnswer YourAddressesLater =
        new("451 4.3.5 unable to tell what you may send as, try again later");
}
