namespace Kopis.Config.Catalog;

/// <summary>Control files of qmail-smtpd about its clients: who they are and how much they may
/// send.</summary>
public static class ClientFiles
{
    private const string Smtp = "qmail-smtpd(8)";

    /// <summary><c>clientlimits</c>.</summary>
    public static readonly ControlList ClientLimits = new("clientlimits")
    {
        Line = "subject:scope:count/seconds",
        Without = "SMTP clients have no limits.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "SMTP client limit: {}",
        Text = "How much clients may send within a time. The subjects and scopes are in "
            + "qmail-smtpd(8).",
    };

    /// <summary><c>clientname</c>.</summary>
    public static readonly ControlLine ClientName = new("clientname")
    {
        Line = "require, defer or tag",
        Absent = "(nobody asks)",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "SMTP clients without a proven name: {}.",
        Text = "Whether a client's address must have a name that has the address. require "
            + "refuses others with 550, defer with 451, and tag marks their mail.",
    };

    /// <summary><c>dnslists</c>.</summary>
    public static readonly ControlList DnsLists = new("dnslists")
    {
        Line = "zone:weight:codes:families, of which all but the zone may be left out",
        Without = "SMTP clients are looked for in no list.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "List in DNS: {}",
        Text = "Lists in DNS that clients are looked for in. A client's score is the sum of the "
            + "weights of the lists that have it. The fields are in qmail-smtpd(8).",
    };

    /// <summary><c>dnslistreject</c>.</summary>
    public static readonly ControlNumber DnsListReject = new("dnslistreject", 1)
    {
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Score of lists in DNS to refuse mail: {}.",
        Text = "The score of dnslists from which recipients are refused with 550. 0 is never.",
    };

    /// <summary><c>dnslistdefer</c>.</summary>
    public static readonly ControlNumber DnsListDefer = new("dnslistdefer", 0)
    {
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Score of lists in DNS to put mail off: {}.",
        Text = "The score of dnslists from which recipients are refused with 451. 0 is never.",
    };

    /// <summary><c>dnslisttag</c>.</summary>
    public static readonly ControlNumber DnsListTag = new("dnslisttag", 0)
    {
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Score of lists in DNS to mark mail: {}.",
        Text = "The score of dnslists from which messages get a field X-Client-Check. 0 is never.",
    };

    /// <summary><c>dnslisttimeout</c>.</summary>
    public static readonly ControlNumber DnsListTimeout = new("dnslisttimeout", 5)
    {
        Most = 60,
        Unit = "seconds",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Lists in DNS have {} seconds to answer.",
        Text = "How long to wait for all lists and names together.",
    };

    /// <summary><c>greetdelay</c>. Clients wait 300 seconds for the greeting (RFC 5321 §4.5.3.2).
    /// </summary>
    public static readonly ControlNumber GreetDelay = new("greetdelay", 0)
    {
        Most = 60,
        Unit = "seconds",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "SMTP clients wait {} seconds for the greeting.",
        Text = "How long clients wait for the greeting. One that talks before it is refused with "
            + "554. 0 refuses nobody for it.",
    };

    /// <summary><c>tarpitcount</c>.</summary>
    public static readonly ControlNumber TarpitCount = new("tarpitcount", 0)
    {
        Unit = "commands",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Recipients and errors of a session before replies are slow: {}.",
        Text = "Recipients and errors of a session that are answered at once. Each further one "
            + "is answered after tarpitdelay. 0 answers all at once.",
    };

    /// <summary><c>tarpitdelay</c>.</summary>
    public static readonly ControlNumber TarpitDelay = new("tarpitdelay", 5)
    {
        Most = 120,
        Unit = "seconds",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Slow replies wait for {} seconds.",
        Text = "How long a slow reply waits, see tarpitcount.",
    };

    /// <summary><c>submissionrate</c>. The default is enough for an office, and limits what a
    /// stolen password can send.</summary>
    public static readonly ControlNumber SubmissionRate = new("submissionrate", 300)
    {
        Unit = "messages",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "A user may send {} messages an hour.",
        Text = "Messages that a user who has logged in may send within an hour. 0 means no limit.",
    };

    /// <summary><c>submissionrecipients</c>.</summary>
    public static readonly ControlNumber SubmissionRecipients = new("submissionrecipients", 2000)
    {
        Unit = "recipients",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "A user may send to {} recipients an hour.",
        Text = "Recipients that a user who has logged in may send to within an hour. "
            + "0 means no limit.",
    };

    /// <summary><c>senders</c>.</summary>
    public static readonly ControlList Senders = new("senders")
    {
        Line = "account:address, account:@domain or account:*",
        Without = "Users send as their own addresses only.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "May be sent as, by user: {}",
        Text = "What an account may send as. Besides these a user may send as his own address, "
            + "and as each alias that has him among its targets.",
    };

    /// <summary><c>tlsclients</c>.</summary>
    public static readonly ControlList TlsClients = new("tlsclients")
    {
        Line = "a mail address",
        Without = "No client may relay by its certificate.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "SMTP clients may relay with a certificate for {}.",
        Text = "Clients that may relay by their certificate. The certificate must name one of "
            + "the addresses and be signed by an authority of clientca.pem.",
    };

    /// <summary><c>clientca.pem</c>.</summary>
    public static readonly ControlData ClientCa = new("clientca.pem")
    {
        Format = "PEM: certificates",
        Without = "No client is asked for a certificate.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "With tlsclients, SMTP clients are asked for certificates of these authorities.",
        Text = "Authorities that vouch for clients, see tlsclients. Without tlsclients it is not "
            + "read.",
    };
}
