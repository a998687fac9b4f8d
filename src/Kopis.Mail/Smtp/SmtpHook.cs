namespace Kopis.Mail.Smtp;

/// <summary>Where a session asks the host before it does what a command says.</summary>
public enum SmtpHook
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>HELO or EHLO, before it counts.</summary>
    Helo,

    /// <summary>MAIL, before the message begins.</summary>
    Mail,

    /// <summary>RCPT, before any check of the recipient.</summary>
    Rcpt,

    /// <summary>RCPT, after all checks.</summary>
    Accept,

    /// <summary>DATA or the first BDAT of a message.</summary>
    Data,
}
