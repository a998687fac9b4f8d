namespace Kopis.Mail;

/// <summary>The commands that qmail-smtpd knows (contract §9.1).</summary>
public enum SmtpVerb
{
    Unknown,
    Helo,
    Ehlo,
    Mail,
    Rcpt,
    Data,
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
