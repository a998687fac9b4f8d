using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Host.Run;

namespace Kopis.Host.Control;

/// <summary>What qmail-showctl says of each control file, in its order and to the letter.</summary>
internal static class ControlTexts
{
    internal enum Kind
    {
        /// <summary>One line, with a default of its own.</summary>
        Line,

        /// <summary>One line, with the default <c>me</c>.</summary>
        LineOrMe,

        /// <summary>A whole number.</summary>
        Number,

        /// <summary>Any number of lines; the default is a whole sentence.</summary>
        List,

        /// <summary>A file or directory of another format, that is there or not.</summary>
        Present,
    }

    /// <summary>Files up to <c>queuelifetime</c>; the files of recipients come between.</summary>
    internal static readonly ControlText[] First =
    [
        new("badmailfrom", Kind.List, "Any MAIL FROM is allowed.",
            "", " not accepted in MAIL FROM."),
        new("bouncefrom", Kind.Line, "MAILER-DAEMON", "Bounce user name is "),
        new("bouncehost", Kind.LineOrMe, "bouncehost", "Bounce host name is "),
        new("concurrencylocal", Kind.Number, "10", "Local concurrency is ", Most: 255),
        new("concurrencyremote", Kind.Number, "20", "Remote concurrency is ", Most: 255),
        new("databytes", Kind.Number, "52428800", "SMTP DATA limit is ", " bytes",
            long.MaxValue),
        new("defaultdomain", Kind.LineOrMe, "defaultdomain", "Default domain name is "),
        new("defaulthost", Kind.LineOrMe, "defaulthost", "Default host name is "),
        new("doublebouncehost", Kind.LineOrMe, "doublebouncehost", "2B recipient host: "),
        new("doublebounceto", Kind.Line, "postmaster", "2B recipient user: "),
        new("envnoathost", Kind.LineOrMe, "envnoathost", "Presumed domain name is "),
        new("helohost", Kind.LineOrMe, "helohost", "SMTP client HELO host name is "),
        new("idhost", Kind.LineOrMe, "idhost", "Message-ID host name is "),
        new("localiphost", Kind.LineOrMe, "localiphost", "Local IP address becomes "),
        new("locals", Kind.List, "Messages for me are delivered locally.",
            "Messages for ", " are delivered locally."),
        new("me", Kind.Line, "undefined! Uh-oh", "My name is "),
        new("percenthack", Kind.List, "The percent hack is not allowed.",
            "The percent hack is allowed for user%host@", "."),
        new("plusdomain", Kind.LineOrMe, "plusdomain", "Plus domain name is "),
        new("qmqpservers", Kind.List, "No QMQP servers.", "QMQP server: ", "."),
        new("queuelifetime", Kind.Number, "604800",
            "Message lifetime in the queue is ", " seconds"),
    ];

    internal static readonly ControlText RcptHosts =
        new("rcpthosts", Kind.List, "SMTP clients may send messages to any recipient.",
            "SMTP clients may send messages to recipients at ", ".");

    internal static readonly ControlText MoreRcptHosts =
        new("morercpthosts", Kind.List, "No effect.",
            "SMTP clients may send messages to recipients at ", ".");

    /// <summary>Where an installed host misses it.</summary>
    internal static readonly ControlText RcptHostsMissed =
        new("rcpthosts", Kind.List, "Missing: SMTP clients may send messages to local recipients "
            + "only, as openrelay does not say otherwise.", "");

    /// <summary>Where every recipient is taken already.</summary>
    internal static readonly ControlText MoreRcptHostsInVain =
        new("morercpthosts", Kind.List, "No rcpthosts; morercpthosts is irrelevant.",
            "No rcpthosts; doesn't matter that morercpthosts has ", ".");

    internal static readonly ControlText[] Last =
    [
        new("smtpgreeting", Kind.LineOrMe, "smtpgreeting", "SMTP greeting: 220 "),
        new("smtproutes", Kind.List, "No artificial SMTP routes.", "SMTP route: "),
        new("timeoutconnect", Kind.Number, "60",
            "SMTP client connection timeout is ", " seconds",
            ControlDirectory.SecondsMax),
        new("timeoutremote", Kind.Number, "1200", "SMTP client data timeout is ", " seconds",
            ControlDirectory.SecondsMax),
        new("timeoutsmtpd", Kind.Number, "1200", "SMTP server data timeout is ", " seconds",
            ControlDirectory.SecondsMax),
        new("virtualdomains", Kind.List, "No virtual domains.", "Virtual domain: "),
    ];

    /// <summary>Files that qmail does not have.</summary>
    internal static readonly ControlText[] Ours =
    [
        new("acme", Kind.List, "No certificate is asked for by ACME.", "ACME: "),
        new("acmeca.pem", Kind.Present, "The ACME server is verified by the host's authorities.",
            "The ACME server is verified by these authorities only."),
        new("aliasesfirst", Kind.Line, "(users of the host come first)",
            "Aliases of this database come before users of the host: "),
        new("authloopback", Kind.Number, "0", "AUTH without TLS on the loopback: "),
        new("bouncemaxbytes", Kind.Number, "50000",
            "Bounces give back of a message at most ", " bytes"),
        new("catchallfirst", Kind.List, "Users of the host come before each domain's catch-all.",
            "The catch-all comes before users of the host at ", "."),
        new("clientcert.pem", Kind.Present, "No certificate is shown to SMTP servers.",
            "A certificate is shown to SMTP servers that ask for one."),
        new("clientca.pem", Kind.Present, "No client is asked for a certificate.",
            "With tlsclients, SMTP clients are asked for certificates of these authorities."),
        new("clientlimits", Kind.List, "SMTP clients have no limits.", "SMTP client limit: "),
        new("clientname", Kind.Line, "(nobody asks)", "SMTP clients without a proven name: "),
        new("concurrencyintake", Kind.Number, "512", "Intake connections of one user: "),
        new("concurrencyincoming", Kind.Number, "1500",
            "SMTP connections that kopis run serves at once: "),
        new("concurrencyshared", Kind.Line, "half of concurrencylocal",
            "Local deliveries before each user has one at once: "),
        new("delaynotify", Kind.Number, "14400",
            "Senders who ask are told of a delay after ", " seconds"),
        new("dnslistdefer", Kind.Number, "0", "Score of lists in DNS to put mail off: "),
        new("dnslistreject", Kind.Number, "1", "Score of lists in DNS to refuse mail: "),
        new("dnslists", Kind.List, "SMTP clients are looked for in no list.", "List in DNS: "),
        new("dnslisttag", Kind.Number, "0", "Score of lists in DNS to mark mail: "),
        new("dnslisttimeout", Kind.Number, "5", "Lists in DNS have ", " seconds to answer"),
        new("greetdelay", Kind.Number, "0", "SMTP clients wait ", " seconds for the greeting"),
        new("dovecotauth", Kind.Line, "none", "Logins are judged by Dovecot's socket: "),
        new("localrecipients", Kind.Number, "500000",
            "Messages of local users may have ", " recipients"),
        new("loginaccounttries", Kind.Number, "50",
            "Logins at an account may fail ", " times before strangers are refused"),
        new("loginnetworktries", Kind.Number, "40", "Logins of a network may fail ", " times"),
        new("logintries", Kind.Number, "10", "Logins of an address may fail ", " times"),
        new("loginwindow", Kind.Number, "600", "Failed logins count for ", " seconds"),
        new("maxperaddress", Kind.Number, "50",
            "A client's address may have ", " connections to a listener"),
        new("maxpernetwork", Kind.Number, "100",
            "A client's network may have ", " connections to a listener"),
        new("maxrcpt", Kind.Number, "100", "SMTP messages may have ", " recipients"),
        new("maxrcptrelay", Kind.Number, "40000",
            "Messages of users and of clients that may relay may have ", " recipients"),
        new("norcptcheck", Kind.List, "Every local recipient is looked up.",
            "Recipients at ", " are not looked up."),
        new("oauthaudience", Kind.Line, "none", "OAuth tokens must be for "),
        new("oauthclaim", Kind.Line, "email", "The account in an OAuth token is "),
        new("oauthissuer", Kind.Line, "none", "OAuth tokens are taken from "),
        new("oauthkeys", Kind.Present, "No keys for OAuth tokens.", "Keys for OAuth tokens."),
        new("concurrencypop3", Kind.Number, "20",
            "Sessions of one mailbox at each POP3 listener: "),
        new("openrelay", Kind.Number, "0",
            "Without rcpthosts mail is taken for any recipient on an installed host: "),
        new("pop3cleartext", Kind.Number, "0",
            "POP3 passwords in the clear where TLS is offered: "),
        new("proxyclients", Kind.List, "No proxy is believed.",
            "Connections from ", " begin with a PROXY header."),
        new("queuememory", Kind.Number, "268435456",
            "Waiting messages take in memory at most ", " bytes"),
        new("queueshare", Kind.Number, "50",
            "Of the queue's free disk one local user may have percent: "),
        new("resolvers", Kind.List, "Names are looked up as the host does.", "Name server: "),
        new("saslmechanisms", Kind.List, "All SASL mechanisms are offered.",
            "SASL mechanism: ", "."),
        new("senders", Kind.List, "Users send as their own addresses only.",
            "May be sent as, by user: "),
        new("serverca.pem", Kind.Present, "SMTP servers are verified by the host's authorities.",
            "SMTP servers are verified by these authorities only."),
        new("servercert.pem", Kind.Present, "TLS is not offered.", "TLS is offered."),
        new("servercerts", Kind.Present, "No certificates for further names.",
            "Certificates for further names."),
        new("smtpextensions", Kind.List, "All SMTP extensions are offered.",
            "SMTP extension switched off: ", "."),
        new("tarpitcount", Kind.Number, "0",
            "Recipients and errors of a session before replies are slow: "),
        new("tarpitdelay", Kind.Number, "5", "Slow replies wait for ", " seconds"),
        new("submissionrate", Kind.Number, "300", "A user may send ", " messages an hour"),
        new("submissionrecipients", Kind.Number, "2000",
            "A user may send to ", " recipients an hour"),
        new("timeoutidle", Kind.Number, "5",
            "Connections to SMTP servers wait for another message for ", " seconds",
            ControlDirectory.SecondsMax),
        new("timeoutintake", Kind.Number, "1200",
            "Local users' connections to the queue may be silent for ", " seconds"),
        new(FirstRules.CompiledName, Kind.Present, "No rules for tcpserver.",
            "Rules for tcpserver, if it is told of them."),
        new(FirstRules.Name, Kind.Present, "No source of rules for tcpserver.",
            "The source of rules for tcpserver."),
        new("tlsclients", Kind.List, "No client may relay by its certificate.",
            "SMTP clients may relay with a certificate for ", "."),
        new("tlspolicy", Kind.List, "TLS may be used with any SMTP server.", "TLS policy: "),
        new("unknownrcpt", Kind.Number, "100",
            "A client may name ", " recipients that nobody has before it must wait"),
        new("xclients", Kind.List, "No host may speak for its SMTP clients.",
            "XCLIENT is believed from ", "."),
    ];
}
