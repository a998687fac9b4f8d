namespace Kopis.Config.Catalog;

/// <summary>Control files of listeners: connections, rules and certificates.</summary>
public static class ListenerFiles
{
    private const string Listener = "tcpserver(8)";
    private const string Servers = "qmail-smtpd(8) qmail-popup(8)";

    /// <summary><c>maxperaddress</c>. Postfix has the same default; an office behind one address
    /// stays below it.</summary>
    public static readonly ControlNumber MaxPerAddress = new("maxperaddress", 50)
    {
        Unit = "connections",
        Readers = Listener,
        Reread = Reread.Connection,
        Says = "A client's address may have {} connections to a listener.",
        Text = "Connections to a listener that an address, or a /64 of IPv6, may have. The "
            + "variable MAXPERADDRESS, which a rule may set, goes before it. 0 means no limit.",
    };

    /// <summary><c>maxpernetwork</c>.</summary>
    public static readonly ControlNumber MaxPerNetwork = new("maxpernetwork", 100)
    {
        Unit = "connections",
        Readers = Listener,
        Reread = Reread.Connection,
        Says = "A client's network may have {} connections to a listener.",
        Text = "Connections to a listener that a network, a /24 or a /48 of IPv6, may have. The "
            + "variable MAXPERNETWORK, which a rule may set, goes before it. 0 means no limit.",
    };

    /// <summary><c>proxyclients</c>.</summary>
    public static readonly ControlList ProxyClients = new("proxyclients")
    {
        Line = "an IP address, or a network as address/bits",
        Without = "No proxy is believed.",
        Readers = Listener,
        Reread = Reread.Connection,
        Says = "Connections from {} begin with a PROXY header.",
        Text = "Proxies that begin each connection with a PROXY header. Rules and limits are "
            + "then those of the client that it names.",
    };

    /// <summary><c>concurrencyincoming</c>.</summary>
    public static readonly ControlNumber ConcurrencyIncoming = new("concurrencyincoming", 1500)
    {
        Least = 1,
        Most = 100_000,
        Unit = "connections",
        Readers = "kopis-run(1)",
        Reread = Reread.Start,
        Says = "SMTP connections that kopis run serves at once: {}.",
        Text = "SMTP sessions at once under kopis run. More wait in the kernel. An installed "
            + "host has the option -c of its units.",
    };

    /// <summary><c>tcprules.dat</c>.</summary>
    public static readonly ControlData TcpRulesDat = new("tcprules.dat")
    {
        IsCdb = true,
        Format = "a constant database",
        Without = "No rules for tcpserver.",
        Readers = Listener,
        Reread = Reread.Connection,
        Says = "Rules for tcpserver, if it is told of them.",
        Text = "The rules that listeners are given with -x. tcprules(8) makes it of tcprules.txt, "
            + "and a listener looks at it for each new connection.",
    };

    /// <summary><c>tcprules.txt</c>.</summary>
    public static readonly ControlData TcpRulesText = new("tcprules.txt")
    {
        Format = "rules as tcprules(8) reads them",
        Without = "No source of rules for tcpserver.",
        Readers = "tcprules(8) kopis-install(1) kopis-run(1)",
        Reread = Reread.Use,
        Once = "tcprules(8) has made tcprules.dat of it",
        Says = "The source of rules for tcpserver.",
        Text = "Who may connect and who may relay. No listener reads this file. After a change "
            + "tcprules(8) makes tcprules.dat of it, by the command that is at its beginning and "
            + "in tcprules(8), EXAMPLES. The installer and kopis run do so once, where there is no "
            + "tcprules.dat yet.",
    };

    /// <summary><c>servercert.pem</c>.</summary>
    public static readonly ControlData ServerCert = new("servercert.pem")
    {
        Format = "PEM: a private key, its certificate, and the chain",
        Without = "TLS is not offered.",
        Readers = Servers + " kopis-acme(8) kopis-certificate(1)",
        Reread = Reread.Connection,
        Says = "TLS is offered.",
        Text = "Key and certificate of this host. With it TLS is offered. kopis-certificate(1) "
            + "makes one to begin with, and kopis-acme(8) gets one that others trust.",
    };

    /// <summary><c>servercerts</c>.</summary>
    public static readonly ControlData ServerCerts = new("servercerts")
    {
        IsNoFile = true,
        Format = "a directory of files *.pem, each as servercert.pem",
        Without = "No certificates for further names.",
        Readers = Servers,
        Reread = Reread.Connection,
        Says = "Certificates for further names.",
        Text = "Further certificates, for clients that ask for one of their names.",
    };

    /// <summary><c>acme</c>.</summary>
    public static readonly ControlList Acme = new("acme")
    {
        Line = "agree, directory URL, contact address, name NAME, challenge KIND, webroot "
            + "DIRECTORY or listen ADDRESS PORT",
        Without = "No certificate is asked for by ACME.",
        Readers = "kopis-acme(8) kopis-run(1)",
        Reread = Reread.Use,
        Says = "ACME: {}",
        Text = "From whom this host gets its certificate, and for which names. See kopis-acme(8).",
    };

    /// <summary><c>acmeca.pem</c>.</summary>
    public static readonly ControlData AcmeCa = new("acmeca.pem")
    {
        Format = "PEM: certificates",
        Without = "The ACME server is verified by the host's authorities.",
        Readers = "kopis-acme(8)",
        Reread = Reread.Use,
        Says = "The ACME server is verified by these authorities only.",
        Text = "The authorities that the ACME server is verified by, instead of the host's.",
    };
}
