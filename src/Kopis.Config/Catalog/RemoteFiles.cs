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

    /// <summary><c>helohosts</c>.</summary>
    public static readonly ControlList HeloHosts = new("helohosts")
    {
        Line = "ADDRESS NAME",
        Without = "helohost is the name whatever the address.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "SMTP client HELO host name by address: {}",
        Text = "The name of this host in EHLO and HELO by the address of this host that a "
            + "connection comes from. An address without a line has the name in helohost. A line "
            + "that cannot be understood is ignored, with a warning.",
    };

    /// <summary><c>sourceaddresses</c>.</summary>
    public static readonly ControlList SourceAddresses = new("sourceaddresses")
    {
        Line = "PATTERN ADDRESS ADDRESS...",
        Without = "The system chooses the address that mail goes from.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "Mail goes from addresses: {}",
        Text = "From which addresses of this host mail is sent. The first line that fits counts. "
            + "A pattern is the recipient's domain, .domain for all names below it, @domain, "
            + "@.domain or an address for the envelope sender, mx:host or mx:.suffix for the "
            + "server, or * for all. Of the addresses behind it one of the server's family is "
            + "used, the same one for the same sender and domain; servers of a family of which "
            + "there is none are passed by. An address that a line of replies has rested for a "
            + "destination is used there again after its time, or where all others are rested "
            + "too. One that is not this host's is not used for a minute; where none is left, "
            + "mail waits, and so it does where an address cannot be understood; by a line for a "
            + "server, at that server.",
    };

    /// <summary><c>bindroutes</c>, of a patch.</summary>
    public static readonly ControlList BindRoutes = new("bindroutes")
    {
        Line = "domain:address",
        Without = "sourceaddresses counts.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "Mail goes from an address by domain: {}",
        Text = "The address of this host that a domain's mail is sent from, as a patch of qmail "
            + "has it. A domain that begins with a dot stands for all names below it, an empty "
            + "one for all mail; without an address the system chooses. These lines count after "
            + "those of sourceaddresses, which can do more.",
    };

    /// <summary><c>outgoingip</c>, of a patch.</summary>
    public static readonly ControlLine OutgoingIp = new("outgoingip")
    {
        Line = "an address",
        Absent = "the system's choice",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "Mail goes from {}.",
        Text = "The address of this host that mail is sent from, as a patch of qmail has it. It "
            + "counts after sourceaddresses and bindroutes, and for servers of its own family. "
            + "With 0.0.0.0 the system chooses.",
    };

    /// <summary><c>moreipme</c>, of a patch.</summary>
    public static readonly ControlList MoreIpMe = new("moreipme")
    {
        Line = "an address or a network",
        Without = "The addresses of interfaces are this host's.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "This host's too: {}",
        Text = "Addresses that lead to this host although no interface has them. A patch of "
            + "qmail has this file, for hosts behind translation of addresses. A domain whose "
            + "best MX is one of them is this host's or loops.",
    };

    /// <summary><c>notipme</c>, of a patch.</summary>
    public static readonly ControlList NotIpMe = new("notipme")
    {
        Line = "an address or a network",
        Without = "The addresses of interfaces are this host's.",
        Readers = Remote,
        Reread = Reread.Message,
        Says = "Not this host's: {}",
        Text = "Addresses that another mail server answers at although an interface of this host "
            + "has them, as a patch of qmail has it. It counts before moreipme.",
    };

    /// <summary><c>mxps</c>.</summary>
    public static readonly ControlNumber Mxps = new("mxps", 0)
    {
        Most = 1,
        Readers = Remote,
        Reread = Reread.Message,
        Says = "QMTP by preferences of MX: {}.",
        Text = "1 has MX records say which hosts speak QMTP, as a patch of qmail does (MXPS). "
            + "Those with the preferences 12801, 12817 and so on to 13041 do, at port 209. SMTP "
            + "is tried where QMTP does not serve, and used where TLS is required: QMTP has none.",
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
            + "in brackets. Of several relays with commas between them, as in "
            + "domain:relay1:587,relay2:587, the first that serves gets the mail. At port 465 "
            + "TLS begins with the connection. A line that cannot be "
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
        Text = "How long a connection waits for the next message to the same destination. It "
            + "waits where others go there too, or went there in that time. 0: none is used again.",
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

    /// <summary><c>replies</c>. docs/SENDING.md explains the lines about providers.</summary>
    public static readonly ControlList Replies = new("replies")
    {
        Line = "PATTERN, what the reply is, and what follows from it",
        Without = "The lines below count.",
        Usual =
        [
            "mx:.google.com code=4xx status=4.2.1 retry=600",
            "mx:.google.com code=4xx status=4.7.28 slow=10/m for=1800",
            "mx:.protection.outlook.com code=4xx status=4.7.500 pause=300",
            "mx:.protection.outlook.com code=4xx status=4.7.650 slow=10/m for=3600",
            "mx:.protection.outlook.com code=4xx status=4.7.651 slow=10/m for=3600",
            "mx:.protection.outlook.com code=421 slow=20/m for=1800 text=rp-001",
            "mx:.protection.outlook.com code=421 fewer=2 for=1800 text=rp-002",
            "mx:.protection.outlook.com code=421 fewer=2 for=1800 text=rp-003",
            "mx:.yahoodns.net code=4xx pause=600 text=[tss04]",
            "mx:.yahoodns.net code=4xx pause=3600 text=permanently deferred",
            "mx:.orange.fr code=4xx fewer=1 for=3600 text=too many connections",
            "mx:.free.fr code=4xx pause=900 text=from your ip",
            "* code=4xx class=greylisted retry=300 said",
            "* code=421 class=rate-limited pause=60",
            "* code=4xx class=rate-limited fewer=1 for=300",
        ],
        Readers = Remote,
        Reread = Reread.Message,
        Says = "Reply of other hosts: {}",
        Text = "What follows from what other hosts say. The first line that fits a reply counts. A "
            + "pattern is the recipient's domain, .domain for all names below it, mx:host or "
            + "mx:.suffix for the server that says it, or * for all. Which replies: code=421, "
            + "code=45x or code=4xx; status=4.7.28 or status=4.7.*; class=, a class of failure as "
            + "docs/SENDING.md has them, with hyphens; and at the end of the line text=, words "
            + "of the reply. At least one of them stands in a line. What follows is one of: "
            + "pause=SECONDS, nothing goes to the destination; slow=N/m, N messages a minute; "
            + "fewer=N, N connections at once; source, another address of sourceaddresses; "
            + "retry=SECONDS, the message comes again then; none. slow, fewer and source hold "
            + "for 300 seconds, or for=SECONDS. With said the time counts that the reply names, "
            + "if it names one. next, alone or with one of them, has the domain's next server "
            + "tried at once. retry and next are for replies that are not for good; source rests "
            + "an address after those too, for mail to come. By QMTP a reply has no code: one for "
            + "now fits code=4xx, one for good code=5xx. A line that cannot be understood is "
            + "ignored, with a warning.",
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
