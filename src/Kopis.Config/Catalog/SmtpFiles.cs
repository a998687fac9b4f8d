namespace Kopis.Config.Catalog;

/// <summary>Control files of the servers that receive mail: what they announce and what they
/// accept.</summary>
public static class SmtpFiles
{
    private const string Smtp = "qmail-smtpd(8)";
    private const string Both = "qmail-smtpd(8) qmail-qmtpd(8)";
    private const string PatternLine =
        "an address, @host, or a pattern of either with *, ? or [...]; after ! an exception";

    private const string PatternForms = "In a pattern * stands for any bytes, ? for one, [a-z] "
        + "for one of a set and [!a-z] for one of no such set; it must fit the whole address, or "
        + "the part from the last @ on where it begins with @. What fits a line that begins with "
        + "! is not refused, whatever other lines say. Regular expressions, as of the qregex "
        + "patch, are reported and fit nothing.";

    private const int RecipientsMost = 40_000; // Some of a megabyte of addresses.

    /// <summary><c>smtpgreeting</c>.</summary>
    public static readonly ControlLine SmtpGreeting = new("smtpgreeting")
    {
        IsQmails = true,
        IsOrMe = true,
        Line = "a greeting, of which the first word is the host's name",
        Absent = "smtpgreeting",
        Readers = Both,
        Reread = Reread.Connection,
        Says = "SMTP greeting: 220 {}.",
        Text = "What the server says first.",
    };

    /// <summary><c>localiphost</c>.</summary>
    public static readonly ControlLine LocalIpHost = new("localiphost")
    {
        IsQmails = true,
        IsOrMe = true,
        Line = "a host name",
        Absent = "localiphost",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Local IP address becomes {}.",
        Text = "The name put for [address] in an address, where it is an address of this host.",
    };

    /// <summary><c>databytes</c>. The default is what large providers accept, plus the growth by
    /// base64.</summary>
    public static readonly ControlNumber DataBytes = new("databytes", 50 * 1024 * 1024)
    {
        IsQmails = true,
        Most = long.MaxValue,
        Unit = "bytes",
        Readers = Both,
        Reread = Reread.Connection,
        Says = "SMTP DATA limit is {} bytes.",
        Text = "The largest message that is taken. It is counted as stored. The variable "
            + "DATABYTES, which a rule of tcpserver may set, goes before it. 0 means no limit.",
    };

    /// <summary><c>timeoutsmtpd</c>.</summary>
    public static readonly ControlNumber TimeoutSmtpd = new("timeoutsmtpd", 1200)
    {
        IsQmails = true,
        Most = ControlNumber.SecondsMax,
        Unit = "seconds",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "SMTP server data timeout is {} seconds.",
        Text = "How long to wait for each line or block of a client. 0 counts as 1.",
    };

    /// <summary><c>badmailfrom</c>.</summary>
    public static readonly ControlList BadMailFrom = new("badmailfrom")
    {
        IsQmails = true,
        Line = PatternLine,
        Without = "Any MAIL FROM is allowed.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "{} not accepted in MAIL FROM.",
        Text = "Envelope senders from whom no mail is taken. Each recipient is refused with 553. "
            + PatternForms + " The empty sender of bounces fits no line.",
    };

    /// <summary><c>badmailto</c>, as the qregex patch has it.</summary>
    public static readonly ControlList BadMailTo = new("badmailto")
    {
        Line = PatternLine,
        Without = "Any RCPT TO is allowed that the other checks let pass.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "{} not accepted in RCPT TO.",
        Text = "Recipients for whom no mail is taken by SMTP, from nobody. They are refused with "
            + "553. " + PatternForms,
    };

    /// <summary><c>badhelo</c>, as the qregex patch has it.</summary>
    public static readonly ControlList BadHelo = new("badhelo")
    {
        Line = "a name, or a pattern of it with *, ? or [...]; after ! an exception",
        Without = "Any name is allowed in HELO.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "{} not accepted in HELO.",
        Text = "Names in HELO and EHLO with which strangers bring no mail. Each recipient is "
            + "refused with 553. Lines are as in badmailfrom, of names. Users who have logged in "
            + "and clients that may relay may call themselves anything.",
    };

    /// <summary><c>greylist</c>.</summary>
    public static readonly ControlLine Greylist = new("greylist", "off")
    {
        Line = "off, on, or a number of minutes from 1 to 720",
        Readers = Both,
        Reread = Reread.Connection,
        Says = "Strangers are asked to come again: {}.",
        Text = "Whether strangers who come for the first time are put off with 451. on means for 5 "
            + "minutes. Who comes again within a day is taken, and is known for 36 days. Users who "
            + "have logged in, clients that may relay, this host, and clients in checkexempt are "
            + "not put off.",
    };

    /// <summary><c>smtpplugins</c>, as qmail-spp has it.</summary>
    public static readonly ControlList SmtpPlugins = new("smtpplugins")
    {
        Line = "[connection], [helo], [auth], [mail], [rcpt] or [data], or a program to run there",
        Without = "No plugins run.",
        Readers = Both,
        Reread = Reread.Connection,
        Says = "SMTP plugin: {}.",
        Text = "Programs that are asked about each client, command and message, by the protocol "
            + "of qmail-spp. A line is a path, or after : a command for /bin/sh. Where ! stands "
            + "before it a failure puts the command off with 451; otherwise a failure is logged "
            + "and the session goes on. A wrong line stops all sessions with 421.",
    };

    /// <summary><c>timeoutplugin</c>.</summary>
    public static readonly ControlNumber TimeoutPlugin = new("timeoutplugin", 30)
    {
        Least = 1,
        Most = 600, // A client waits some minutes (RFC 5321 §4.5.3.2).
        Unit = "seconds",
        Readers = Both,
        Reread = Reread.Connection,
        Says = "SMTP plugins may take {} seconds.",
        Text = "How long a plugin of smtpplugins may run before it is killed, and has failed. "
            + "The wait for a place among those that run may take as long again.",
    };

    /// <summary><c>rcpthosts</c>.</summary>
    public static readonly ControlList RcptHosts = new("rcpthosts")
    {
        IsQmails = true,
        Line = "a host or .domain",
        Without = "SMTP clients may send messages to any recipient.",
        Manual = "On an installed host, whose home has the file installed, mail is taken from "
            + "everyone for what is delivered here alone, by locals and virtualdomains, with a "
            + "warning in the log, unless openrelay is 1. In any other home, such as one of kopis "
            + "run, mail is taken from everyone for every recipient, as qmail does.",
        Readers = Both + " kopis-domain(1)",
        Reread = Reread.Connection,
        Says = "SMTP clients may send messages to recipients at {}.",
        Text = "Domains that mail is taken for from everyone. A name that begins with a dot "
            + "stands for all names below it. Clients with RELAYCLIENT and users who have logged "
            + "in may send to any. kopis install and kopis run write the file, and "
            + "kopis-domain(1) adds to it.",
    };

    /// <summary><c>morercpthosts</c>.</summary>
    public static readonly ControlList MoreRcptHosts = new("morercpthosts")
    {
        IsQmails = true,
        Line = "a host or .domain",
        Without = "No effect.",
        Readers = "qmail-newmrh(8)",
        Reread = Reread.Use,
        Once = "qmail-newmrh(8) has made morercpthosts.cdb of it",
        Says = "SMTP clients may send messages to recipients at {}.",
        Text = "More of rcpthosts, for many domains. After a change qmail-newmrh makes "
            + "morercpthosts.cdb of it. Without rcpthosts it has no effect.",
    };

    /// <summary><c>morercpthosts.cdb</c>.</summary>
    public static readonly ControlData MoreRcptHostsCdb = new("morercpthosts.cdb")
    {
        IsQmails = true,
        IsCdb = true,
        Format = "a constant database",
        Without = "No effect.",
        Readers = Both,
        Reread = Reread.Connection,
        Says = "Modified recently enough; hopefully up to date.",
        Text = "What qmail-newmrh makes of morercpthosts.",
    };

    /// <summary><c>openrelay</c>.</summary>
    public static readonly ControlNumber OpenRelay = new("openrelay", 0)
    {
        Unit = "",
        Readers = Both,
        Reread = Reread.Connection,
        Says = "Without rcpthosts mail is taken for any recipient on an installed host: {}.",
        Text = "1 takes mail for everyone where there is no rcpthosts. That is what qmail does; "
            + "a host that kopis install made does it only with this file.",
    };

    /// <summary><c>maxrcpt</c>. The default is what RFC 5321 §4.5.3.1.8 asks for. A client with
    /// more recipients sends the rest in another transaction, and so sends the bytes again, which
    /// is the right price for copies.</summary>
    public static readonly ControlNumber MaxRcpt = new("maxrcpt", 100)
    {
        Least = 1,
        Most = RecipientsMost,
        Unit = "recipients",
        Readers = Both + " qmail-qmqpd(8)",
        Reread = Reread.Connection,
        Says = "SMTP messages may have {} recipients.",
        Text = "The most recipients of a message. Those of users and of clients that may relay "
            + "have maxrcptrelay.",
    };

    /// <summary><c>maxrcptrelay</c>.</summary>
    public static readonly ControlNumber MaxRcptRelay = new("maxrcptrelay", RecipientsMost)
    {
        Least = 1,
        Most = RecipientsMost,
        Unit = "recipients",
        Readers = Both + " qmail-qmqpd(8)",
        Reread = Reread.Connection,
        Says = "Messages of users and of clients that may relay may have {} recipients.",
        Text = "The most recipients of a message of a user who has logged in or of a client that "
            + "may relay. Where maxrcpt is there and this is not, it is as maxrcpt.",
    };

    /// <summary><c>smtpextensions</c>.</summary>
    public static readonly ControlList SmtpExtensions = new("smtpextensions")
    {
        Line = "-NAME of an extension, or +DSN",
        Without = "All SMTP extensions are offered.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "SMTP extension switched off: {}.",
        Text = "Extensions that EHLO does not offer, for clients that trip over one. +DSN offers "
            + "DSN to everyone: reports of success then go to whatever sender a stranger names.",
    };

    /// <summary><c>xclients</c>.</summary>
    public static readonly ControlList XClients = new("xclients")
    {
        Line = "an IP address, or a network as address/bits",
        Without = "No host may speak for its SMTP clients.",
        Readers = Smtp + " tcpserver(8)",
        Reread = Reread.Connection,
        Says = "XCLIENT is believed from {}.",
        Text = "Hosts that may say by XCLIENT for whom they speak. Limits and rules are then "
            + "those of that client. They may have any number of connections.",
    };

    /// <summary><c>norcptcheck</c>.</summary>
    public static readonly ControlList NoRcptCheck = new("norcptcheck")
    {
        Line = "a domain",
        Without = "Every local recipient is looked up.",
        Readers = Both,
        Reread = Reread.Connection,
        Says = "Recipients at {} are not looked up.",
        Text = "Domains of this host whose recipients are not looked up before mail is taken. "
            + "All their addresses count as there.",
    };

    /// <summary><c>catchallfirst</c>.</summary>
    public static readonly ControlList CatchAllFirst = new("catchallfirst")
    {
        Line = "a domain",
        Without = "Users of the host come before each domain's catch-all.",
        Readers = "qmail-lookup(8) qmail-lspawn(8)",
        Reread = Reread.Use,
        Says = "The catch-all comes before users of the host at {}.",
        Text = "Domains whose catch-all gets mail even for names of users of the host. See "
            + "kopis-domain(1).",
    };

    /// <summary><c>aliasesfirst</c>.</summary>
    public static readonly ControlLine AliasesFirst = new("aliasesfirst")
    {
        Line = "the path of a database of newaliases; an empty line is /etc/aliases.cdb",
        Absent = "(users of the host come first)",
        Readers = "qmail-getpw(8) qmail-lookup(8) newaliases(1)",
        Reread = Reread.Use,
        Says = "Aliases of this database come before users of the host: {}.",
        Text = "Makes aliases come before users of the host, as with sendmail. An alias for all "
            + "hosts then gets its mail even where a user of the host has the name. See "
            + "fastforward(1).",
    };
}
