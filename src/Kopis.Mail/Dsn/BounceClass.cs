namespace Kopis.Mail.Dsn;

/// <summary>The kinds of failures of an attempt (docs/SENDING.md, Replies and classes). The numbers
/// are stored in frames and records, so they must not change.</summary>
public enum BounceClass : byte
{
    /// <summary>No failure: delivered.</summary>
    None = 0,

    /// <summary>There is no such mailbox.</summary>
    BadMailbox = 1,

    /// <summary>The mailbox is disabled or abandoned.</summary>
    InactiveMailbox = 2,

    /// <summary>The domain does not exist or takes no mail.</summary>
    BadDomain = 3,

    /// <summary>The mailbox is full.</summary>
    Quota = 4,

    /// <summary>Refused by a rule of the receiver: lists, reputation, local policy.</summary>
    Policy = 5,

    /// <summary>Refused because of its content, as spam or a virus.</summary>
    SpamContent = 6,

    /// <summary>Refused because of SPF, DKIM or DMARC, or because the client's name does not
    /// resolve.</summary>
    Authentication = 7,

    /// <summary>Deferred for a later try: greylisting.</summary>
    Greylisted = 8,

    /// <summary>Too much mail, too fast, or too many connections.</summary>
    RateLimited = 9,

    /// <summary>No connection, or it was lost.</summary>
    ConnectionFailed = 10,

    /// <summary>TLS is required and could not be established.</summary>
    TlsFailed = 11,

    /// <summary>The server does not speak proper SMTP, or does not know a command.</summary>
    Protocol = 12,

    /// <summary>The message is too large.</summary>
    Size = 13,

    /// <summary>The server does not relay for us.</summary>
    RelayDenied = 14,

    /// <summary>DNS did not answer.</summary>
    Dns = 15,

    /// <summary>The message is in a loop.</summary>
    Loop = 16,

    /// <summary>The login at a relay was refused.</summary>
    LoginRefused = 17,

    /// <summary>The server has a problem of its own: a full disk, a shutdown, a local error.
    /// </summary>
    ServerTrouble = 18,

    /// <summary>A problem of this host: its configuration, or a message that cannot be read.
    /// </summary>
    Local = 19,

    /// <summary>The message is not acceptable in its form: 8-bit data, headers.</summary>
    Form = 20,

    /// <summary>Refused or deferred for a reason that is not known.</summary>
    Unknown = 21,
}
