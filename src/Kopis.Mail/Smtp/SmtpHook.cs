namespace Kopis.Mail.Smtp;

/// <summary>The points at which a session asks the host before it carries out a command.</summary>
public enum SmtpHook
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>At HELO or EHLO, before it takes effect.</summary>
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
