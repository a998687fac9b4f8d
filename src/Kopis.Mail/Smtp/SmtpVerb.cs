namespace Kopis.Mail.Smtp;

/// <summary>The commands of qmail-smtpd (contract §9.1), the most frequent first: see
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
