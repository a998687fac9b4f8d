namespace Kopis.Mail.Smtp;

/// <summary>The commands that qmail-smtpd knows (contract §9.1), the most usual first: see
/// <see cref="SmtpCommand"/>.</summary>
public enum SmtpVerb
{
    Unknown,
    Mail,
    Rcpt,
    Data,
    Ehlo,
    Helo,
    Rset,
    Noop,
    Help,
    Vrfy,
    Quit,
    StartTls,
    Bdat,
    Auth,
    XClient,
}
