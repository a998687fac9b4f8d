namespace Kopis.Mail.Smtp;

/// <summary>
/// What may refuse a client or its mail, in the one order in which it counts: the first that
/// refuses is the reply. docs/SESSION.md has the same list, with what each asks and when.
/// </summary>
public enum SmtpCheck
{
    /// <summary>Before the greeting: connections and silence.</summary>
    Connection,

    /// <summary>Before the greeting: plugins.</summary>
    ConnectionPlugins,

    /// <summary>HELO and EHLO: plugins.</summary>
    HeloPlugins,

    /// <summary>AUTH: plugins, once the login is good.</summary>
    AuthPlugins,

    /// <summary>MAIL: how many messages this client and user may send.</summary>
    MessageRate,

    /// <summary>MAIL: who must have logged in, and may send as whom.</summary>
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

    /// <summary>RCPT: a stranger's mail is for others.</summary>
    RcptHosts,

    /// <summary>RCPT: how many recipients a message may have.</summary>
    RecipientCount,

    /// <summary>RCPT: how many recipients this client and user may name.</summary>
    RecipientRate,

    /// <summary>RCPT: what lists and names in DNS say of a stranger.</summary>
    ClientLists,

    /// <summary>RCPT: a stranger's name is in badhelo.</summary>
    BadHelo,

    /// <summary>RCPT: a stranger's HELO is not a valid host name or address.</summary>
    HeloName,

    /// <summary>RCPT: a stranger's name is ours.</summary>
    HeloSelf,

    /// <summary>RCPT: the sender is not an alias of the user.</summary>
    SenderAlias,

    /// <summary>RCPT: whether there is such a recipient.</summary>
    Mailbox,

    /// <summary>RCPT: a stranger comes for the first time.</summary>
    Greylist,

    /// <summary>RCPT: filters.</summary>
    RcptFilters,

    /// <summary>DATA and BDAT: plugins.</summary>
    DataPlugins,

    /// <summary>The message: the client's address has a name that leads back.</summary>
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
