namespace Kopis.Config.Catalog;

/// <summary>Control files of the host: its names, and where its mail goes.</summary>
public static class HostFiles
{
    private const string Routers = "qmail-send(8) qmail-lookup(8) qmail-smtpd(8)";
    private const string Completers =
        "qmail-inject(8) dot-forward(1) fastforward(1) newaliases(1)";

    /// <summary><c>me</c>.</summary>
    public static readonly ControlLine Me = new("me")
    {
        IsQmails = true,
        Line = "the host's full name",
        Readers = "qmail-send(8) qmail-smtpd(8) qmail-qmtpd(8) qmail-remote(8) qmail-inject(8) "
            + "qmail-lookup(8) kopis-acme(8) kopis-certificate(1) kopis-domain(1) "
            + "kopis-run(1) kopis-user(1)",
        Reread = Reread.Use,
        Says = "My name is {}.",
        Absent = "undefined! Uh-oh",
        Text = "The name of this host. It stands in for many files that are not there. It must "
            + "be there, and is the first file to write.",
    };

    /// <summary><c>locals</c>.</summary>
    public static readonly ControlList Locals = new("locals")
    {
        IsQmails = true,
        Line = "a domain",
        Without = "Messages for me are delivered locally.",
        Readers = Routers + " kopis-domain(1)",
        Reread = Reread.Hangup,
        Says = "Messages for {} are delivered locally.",
        Text = "Domains whose mail is delivered to the users of this host. An address whose "
            + "domain is neither here nor in virtualdomains is another host's.",
    };

    /// <summary><c>virtualdomains</c>.</summary>
    public static readonly ControlList VirtualDomains = new("virtualdomains")
    {
        IsQmails = true,
        Line = "user@domain:prepend, domain:prepend, .domain:prepend or :prepend",
        Without = "No virtual domains.",
        Readers = Routers,
        Reread = Reread.Hangup,
        Says = "Virtual domain: {}",
        Text = "Domains whose mail one user of this host gets. Mail for local@domain goes to "
            + "prepend-local@domain. A line for the whole address comes before one for its "
            + "domain, that before .domain, which stands for all names below it, and :prepend is "
            + "for all the rest. Nothing after the colon is an exception: the mail goes to "
            + "another host. Domains in locals are not looked up here.",
    };

    /// <summary><c>envnoathost</c>.</summary>
    public static readonly ControlLine EnvNoAtHost = new("envnoathost", "envnoathost")
    {
        IsQmails = true,
        IsOrMe = true,
        Line = "a domain",
        Readers = Routers,
        Reread = Reread.Hangup,
        Says = "Presumed domain name is {}.",
        Text = "The domain of recipients that have no @.",
    };

    /// <summary><c>percenthack</c>.</summary>
    public static readonly ControlList PercentHack = new("percenthack")
    {
        IsQmails = true,
        Line = "a domain",
        Without = "The percent hack is not allowed.",
        Readers = Routers,
        Reread = Reread.Hangup,
        Says = "The percent hack is allowed for user%host@{}.",
        Text = "Domains where user%host@domain means user@host. It is taken apart before locals "
            + "and virtualdomains are looked at; a domain in rcpthosts too makes this host a "
            + "relay for everyone.",
    };

    /// <summary><c>defaulthost</c>.</summary>
    public static readonly ControlLine DefaultHost = new("defaulthost", "defaulthost")
    {
        IsQmails = true,
        IsOrMe = true,
        Line = "a host name",
        Readers = Completers,
        Reread = Reread.Use,
        Says = "Default host name is {}.",
        Text = "The host of addresses that have none. The variable QMAILDEFAULTHOST goes before "
            + "it in qmail-inject.",
    };

    /// <summary><c>defaultdomain</c>.</summary>
    public static readonly ControlLine DefaultDomain = new("defaultdomain", "defaultdomain")
    {
        IsQmails = true,
        IsOrMe = true,
        Line = "a domain",
        Readers = Completers,
        Reread = Reread.Use,
        Says = "Default domain name is {}.",
        Text = "What is added to host names without a dot, with a dot between. The variable "
            + "QMAILDEFAULTDOMAIN goes before it in qmail-inject.",
    };

    /// <summary><c>plusdomain</c>.</summary>
    public static readonly ControlLine PlusDomain = new("plusdomain", "plusdomain")
    {
        IsQmails = true,
        IsOrMe = true,
        Line = "a domain",
        Readers = Completers,
        Reread = Reread.Use,
        Says = "Plus domain name is {}.",
        Text = "What is added to host names that end with a plus sign, with a dot in its place. "
            + "The variable QMAILPLUSDOMAIN goes before it in qmail-inject.",
    };

    /// <summary><c>idhost</c>.</summary>
    public static readonly ControlLine IdHost = new("idhost", "idhost")
    {
        IsQmails = true,
        IsOrMe = true,
        Line = "a host name",
        Readers = "qmail-inject(8) qmail-smtpd(8)",
        Reread = Reread.Use,
        Says = "Message-ID host name is {}.",
        Text = "The host in the Message-ID of messages that come without one. The variable "
            + "QMAILIDHOST goes before it in qmail-inject; qmail-smtpd adds one for users alone.",
    };

    /// <summary><c>qmqpservers</c>.</summary>
    public static readonly ControlList QmqpServers = new("qmqpservers")
    {
        IsQmails = true,
        Line = "an IPv4 address",
        Without = "No QMQP servers.",
        Readers = "qmail-qmqpc(8)",
        Reread = Reread.Use,
        Says = "QMQP server: {}.",
        Text = "Hosts that take messages by QMQP in place of a queue of one's own. They are "
            + "asked in turn until one accepts the message. A line that is not an IPv4 address is "
            + "skipped.",
    };

    /// <summary><c>resolvers</c>.</summary>
    public static readonly ControlList Resolvers = new("resolvers")
    {
        Line = "an IP address, with or without :port",
        Without = "Names are looked up as the host does.",
        Readers = "qmail-remote(8) qmail-rspawn(8) qmail-smtpd(8) qmail-qmtpd(8) tcpserver(8) "
            + "tcpclient(1) rblsmtpd(8)",
        Reread = Reread.Message,
        Says = "Name server: {}",
        Text = "Name servers to ask instead of those in /etc/resolv.conf, the first one first. "
            + "One that has been silent is asked last until it answers again. A line that is "
            + "not an address is ignored. If no line is one, no mail is sent. Listeners read it at "
            + "their start.",
    };
}
