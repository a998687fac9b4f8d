namespace Kopis.Mail.Smtp;

/// <summary>The checks that may refuse a client or its mail, in the order in which they apply: the
/// first that refuses decides the reply. docs/SESSION.md has the same list, with what each check
/// asks and when.</summary>
public enum SmtpCheck
{
    /// <summary>Before the greeting: connections and silence.</summary>
    Connection,

    /// <summary>Before the greeting: plugins.</summary>
    ConnectionPlugins,

    /// <summary>HELO and EHLO: plugins.</summary>
    HeloPlugins,

    /// <summary>AUTH: plugins, after a successful login.</summary>
    AuthPlugins,

    /// <summary>MAIL: how many messages this client and user may send.</summary>
    MessageRate,

    /// <summary>MAIL: whether a login is required, and with which senders a user may send.
    /// </summary>
    Submission,

    /// <summary>MAIL: plugins.</summary>
    MailPlugins,

    /// <summary>MAIL: filters.</summary>
    MailFilters,

    /// <summary>RCPT: plugins.</summary>
    RcptPlugins,

    /// <summary>RCPT: the sender is in badmailfrom.</summary>
    BadMailFrom,

    /// <summary>RCPT: the recipient is in badmailto.</summary>
    BadMailTo,

    /// <summary>RCPT: a stranger's mail is not for this host.</summary>
    RcptHosts,

    /// <summary>RCPT: how many recipients a message may have.</summary>
    RecipientCount,

    /// <summary>RCPT: how many recipients this client and user may name.</summary>
    RecipientRate,

    /// <summary>RCPT: DNS lists and names about a stranger.</summary>
    ClientLists,

    /// <summary>RCPT: a stranger's name is in badhelo.</summary>
    BadHelo,

    /// <summary>RCPT: a stranger's HELO is not a valid host name or address.</summary>
    HeloName,

    /// <summary>RCPT: a stranger uses our name.</summary>
    HeloSelf,

    /// <summary>RCPT: the sender is not an alias of the user.</summary>
    SenderAlias,

    /// <summary>RCPT: whether the recipient exists.</summary>
    Mailbox,

    /// <summary>RCPT: a stranger sends for the first time.</summary>
    Greylist,

    /// <summary>RCPT: filters.</summary>
    RcptFilters,

    /// <summary>DATA and BDAT: plugins.</summary>
    DataPlugins,

    /// <summary>The message: whether the client's address has a name that leads back.</summary>
    ReverseName,

    /// <summary>The message: SPF.</summary>
    Spf,

    /// <summary>The message: DKIM.</summary>
    Dkim,

    /// <summary>The message: DMARC.</summary>
    Dmarc,

    /// <summary>The message: filters.</summary>
    MessageFilters,
}
