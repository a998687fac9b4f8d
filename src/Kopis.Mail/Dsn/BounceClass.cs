namespace Kopis.Mail.Dsn;

/// <summary>What kind of failure an attempt met (docs/SENDING.md, Replies and classes). The numbers
/// are in frames and records, and stay.</summary>
public enum BounceClass : byte
{
    /// <summary>None: delivered.</summary>
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

    /// <summary>Refused as spam or a virus, for what is in it.</summary>
    SpamContent = 6,

    /// <summary>SPF, DKIM, DMARC, or a name of the client that does not resolve.</summary>
    Authentication = 7,

    /// <summary>To come again: greylisting.</summary>
    Greylisted = 8,

    /// <summary>Too much mail, too fast, or too many connections.</summary>
    RateLimited = 9,

    /// <summary>No connection, or it was lost.</summary>
    ConnectionFailed = 10,

    /// <summary>TLS is wanted and did not come about.</summary>
    TlsFailed = 11,

    /// <summary>The server does not speak SMTP as it should, or does not know a command.</summary>
    Protocol = 12,

    /// <summary>The message is too large.</summary>
    Size = 13,

    /// <summary>The server does not relay for us.</summary>
    RelayDenied = 14,

    /// <summary>DNS did not answer.</summary>
    Dns = 15,

    /// <summary>The message goes round in circles.</summary>
    Loop = 16,

    /// <summary>The login at a relay was refused.</summary>
    LoginRefused = 17,

    /// <summary>The server has a trouble of its own: full disk, shutting down, local error.
    /// </summary>
    ServerTrouble = 18,

    /// <summary>Something of this host: configuration, message that cannot be read.</summary>
    Local = 19,

    /// <summary>The message cannot be taken as it is: 8-bit, headers, form.</summary>
    Form = 20,

    /// <summary>Refused or deferred, and nothing tells why.</summary>
    Unknown = 21,
}
