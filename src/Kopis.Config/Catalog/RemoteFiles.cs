namespace Kopis.Config.Catalog;

/// <summary>Control files of mail to other hosts.</summary>
public static class RemoteFiles
{
    private const string Remote = "qmail-remote(8) qmail-rspawn(8)";

    /// <summary><c>helohost</c>.</summary>
    public static readonly ControlLine HeloHost = new("helohost")
    {
        IsQmails = true,
        IsOrMe = true,
        Line = "a host name",
        Absent = "helohost",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "SMTP client HELO host name is {}.",
        Text = "The name of this host in EHLO and HELO. Many servers want it to be the name of "
            + "the address that they see.",
    };

    /// <summary><c>smtproutes</c>.</summary>
    public static readonly ControlList SmtpRoutes = new("smtproutes")
    {
        IsQmails = true,
        MayTell = true,
        Line = "domain:relay or domain:relay:port",
        Without = "No artificial SMTP routes.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "SMTP route: {}",
        Text = "Hosts that get a domain's mail instead of its MX. A domain that begins with a "
            + "dot stands for all names below it, an empty one for all mail. Nothing after the "
            + "colon is an exception: that domain's mail goes to its MX. An IPv6 address stands "
            + "in brackets. At port 465 TLS begins with the connection. A line that cannot be "
            + "understood, or has a password, delays the mail of its own domain. Lines with "
            + "logins are in smtproutes of the directory auth. See qmail-auth(5).",
    };

    /// <summary><c>lmtproutes</c>.</summary>
    public static readonly ControlList LmtpRoutes = new("lmtproutes")
    {
        Line = "domain:/path/of/socket or domain:host:port",
        Without = "No mail goes to LMTP servers.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "LMTP route: {}",
        Text = "LMTP servers that get a domain's mail, such as Dovecot's: each recipient has a "
            + "result of its own. A domain that begins with a dot stands for all names below it; "
            + "nothing after the colon is an exception. These lines count before smtproutes, and "
            + "only for domains that are neither in locals nor in virtualdomains; rcpthosts says "
            + "whether such mail is taken. qmail-remote connects to the socket as the user "
            + "qmailr; only root should be able to write to its directory. An IPv6 address stands "
            + "in brackets. A line that cannot be understood delays the mail of its own domain.",
    };

    /// <summary><c>timeoutconnect</c>.</summary>
    public static readonly ControlNumber TimeoutConnect = new("timeoutconnect", 60)
    {
        IsQmails = true,
        Most = ControlNumber.SecondsMax,
        Unit = "seconds",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "SMTP client connection timeout is {} seconds.",
        Text = "How long to wait for a server to accept a connection, and for TLS to begin. 0 "
            + "counts as 1.",
    };

    /// <summary><c>timeoutremote</c>.</summary>
    public static readonly ControlNumber TimeoutRemote = new("timeoutremote", 1200)
    {
        IsQmails = true,
        Most = ControlNumber.SecondsMax,
        Unit = "seconds",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "SMTP client data timeout is {} seconds.",
        Text = "How long to wait for each reply of a server. 0 counts as 1.",
    };

    /// <summary><c>timeoutidle</c>.</summary>
    public static readonly ControlNumber TimeoutIdle = new("timeoutidle", 5)
    {
        Most = ControlNumber.SecondsMax,
        Unit = "seconds",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "Connections to SMTP servers wait for another message for {} seconds.",
        Text = "How long a connection waits for the next message to the same destination, where "
            + "others go there too or went there in that time. 0: none is used again.",
    };

    /// <summary><c>destinations</c>.</summary>
    public static readonly ControlList Destinations = new("destinations")
    {
        Line = "PATTERN concurrency=N initial=N rate=N/m messages=N recipients=N idle=N",
        Without = "Every destination gets 20 deliveries at once, 5 to begin with.",
        Readers = Remote + " qmail-send(8)",
        Reread = Reread.Hangup,
        Says = "Limits of a destination: {}",
        Text = "What destinations take at most. A pattern is a domain, .domain for all names "
            + "below it together, mx:host or mx:.suffix for all domains with such a mail "
            + "exchanger, relay:host or lmtp:place for what smtproutes names, or * for all "
            + "others. Keys, of which a line has at least one: concurrency, the most deliveries "
            + "and connections at once (20); initial, those to begin with (5); rate, messages in "
            + "a second, minute or hour, as 10/s, 100/m, 1000/h (none); messages, the most of one "
            + "connection (100); recipients, the most of one transaction (100); idle, seconds "
            + "that a connection waits for another message (timeoutidle). What a line does not "
            + "say is as in the line of *. A line that cannot be understood is ignored, with a "
            + "warning.",
    };

    /// <summary><c>tlspolicy</c>.</summary>
    public static readonly ControlList TlsPolicy = new("tlspolicy")
    {
        Line = "domain:none, domain:may, domain:encrypt, domain:verify, "
            + "domain:verify:name:name..., domain:published, domain:sts or domain:dane",
        Without = "Receivers say what is asked of TLS.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "TLS policy: {}",
        Text = "What a recipient's domain asks of TLS. A domain that begins with a dot stands "
            + "for all names below it, an empty one for all mail. none uses no TLS, and may uses "
            + "it where it is offered. With encrypt no mail goes in the clear; with verify the "
            + "certificate must be trusted and name the domain, a host in it, the relay of "
            + "smtproutes, or one of the names. published is what holds without a line: the "
            + "receiver says in DANE, else in MTA-STS, what is required, and where it says "
            + "nothing TLS may be used. With dane it has to have TLSA records that the "
            + "certificate matches; with sts these, or an enforced policy. The other levels "
            + "hold whatever the receiver says. A relay of smtproutes has TLSA records for dane "
            + "and no policies: sts means verify. A line that cannot be understood delays the "
            + "mail of its own domain.",
    };

    /// <summary><c>tlsreports</c>.</summary>
    public static readonly ControlLine TlsReports = new("tlsreports")
    {
        Line = "an address, and the name of an organization",
        Absent = "no reports",
        Readers = Remote + " kopis-tlsrpt(8)",
        Reread = Reread.Message,
        Says = "Domains that ask for it get reports of TLS from {}.",
        Text = "How sessions with other hosts begin is collected. kopis-tlsrpt(8) sends it once a "
            + "day to domains that ask for reports (RFC 8460). They are from this address. It "
            + "needs keys that sign mail of its domain.",
    };

    /// <summary><c>clientcert.pem</c>.</summary>
    public static readonly ControlData ClientCert = new("clientcert.pem")
    {
        Format = "PEM: a private key, its certificate, and the chain",
        Without = "No certificate is shown to SMTP servers.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "A certificate is shown to SMTP servers that ask for one.",
        Text = "Key and certificate of this host as a client. It is shown to servers that ask "
            + "for one.",
    };

    /// <summary><c>serverca.pem</c>.</summary>
    public static readonly ControlData ServerCa = new("serverca.pem")
    {
        Format = "PEM: certificates",
        Without = "Servers are verified by the host's authorities.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "SMTP servers are verified by these authorities only.",
        Text = "The authorities that servers' certificates are verified by, instead of the host's. "
            + "They count for the web servers of MTA-STS too.",
    };

    /// <summary><c>authsenders</c>, where qmail's patches have it.</summary>
    public static readonly ControlData OpenAuthSenders = new("authsenders")
    {
        Format = "nothing: it is to be moved",
        Without = "All is well.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "Oops! It has passwords and is not read here: move it to the directory auth.",
        Text = "Logins by sender, where patches of qmail have them. Here they are in the directory "
            + "auth, which others cannot read. While this file is here all mail to other hosts "
            + "waits. See qmail-auth(5).",
    };
}
