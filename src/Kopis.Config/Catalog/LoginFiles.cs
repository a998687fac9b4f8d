namespace Kopis.Config.Catalog;

/// <summary>Control files of logins, by SMTP and by POP3.</summary>
public static class LoginFiles
{
    private const string Smtp = "qmail-smtpd(8)";
    private const string Pop3 = "qmail-popup(8)";
    private const string Both = "qmail-smtpd(8) qmail-popup(8)";
    private const string Limiters = "qmail-lookup(8) qmail-smtpd(8) qmail-popup(8)";
    private const string Tokens = "qmail-lookup(8) qmail-smtpd(8) qmail-popup(8)";
    private const int TriesMost = 1_000_000;

    /// <summary><c>authloopback</c>.</summary>
    public static readonly ControlNumber AuthLoopback = new("authloopback", 0)
    {
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "AUTH without TLS on the loopback: {}.",
        Text = "1 lets clients at 127.0.0.1 and ::1 use AUTH without TLS.",
    };

    /// <summary><c>hidesubmitter</c>.</summary>
    public static readonly ControlNumber HideSubmitter = new("hidesubmitter", 0)
    {
        Most = 1,
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Received does not say where users are: {}.",
        Text = "1 leaves the name and the address of a user who has logged in out of our Received "
            + "line. The log and the journal have them.",
    };

    /// <summary><c>dovecotauth</c>.</summary>
    public static readonly ControlLine DovecotAuth = new("dovecotauth")
    {
        Line = "the path of a socket",
        Readers = Smtp,
        Reread = Reread.Start,
        Says = "Logins are judged by Dovecot's socket: {}.",
        Text = "Dovecot's auth socket, which then judges PLAIN and LOGIN.",
    };

    /// <summary><c>logintries</c>. The default forgives a person a few mistakes.</summary>
    public static readonly ControlNumber LoginTries = new("logintries", 10)
    {
        Least = 1,
        Most = TriesMost,
        Unit = "logins",
        Readers = Limiters,
        Reread = Reread.Start,
        Says = "Logins of an address may fail {} times.",
        Text = "Logins of an IPv4 address or an IPv6 /64 that may fail within loginwindow. After "
            + "them all are refused unseen.",
    };

    /// <summary><c>loginnetworktries</c>. The default is less than that of an account, so that one
    /// network alone cannot lock a person out.</summary>
    public static readonly ControlNumber LoginNetworkTries = new("loginnetworktries", 40)
    {
        Least = 1,
        Most = TriesMost,
        Unit = "logins",
        Readers = Limiters,
        Reread = Reread.Start,
        Says = "Logins of a network may fail {} times.",
        Text = "Logins of an IPv4 /24 or an IPv6 /48 that may fail within loginwindow.",
    };

    /// <summary><c>loginaccounttries</c>.</summary>
    public static readonly ControlNumber LoginAccountTries = new("loginaccounttries", 50)
    {
        Least = 1,
        Most = TriesMost,
        Unit = "logins",
        Readers = Limiters,
        Reread = Reread.Start,
        Says = "Logins at an account may fail {} times before strangers are refused.",
        Text = "Logins at an account that may fail within loginwindow. An address that logged in "
            + "to the account within 30 days is held to logintries alone.",
    };

    /// <summary><c>loginwindow</c>.</summary>
    public static readonly ControlNumber LoginWindow = new("loginwindow", 600)
    {
        Least = 1,
        Most = 30 * 24 * 3600,
        Unit = "seconds",
        Readers = Limiters,
        Reread = Reread.Start,
        Says = "Failed logins count for {} seconds.",
        Text = "How long failed logins count, from the first one on.",
    };

    /// <summary><c>oauthissuer</c>.</summary>
    public static readonly ControlLine OAuthIssuer = new("oauthissuer")
    {
        Line = "the claim iss",
        Readers = Tokens,
        Reread = Reread.Connection,
        Says = "OAuth tokens are taken from {}.",
        Text = "Whose OAuth tokens are taken. With it OAUTHBEARER and XOAUTH2 are offered, and "
            + "oauthaudience and oauthkeys must be there.",
    };

    /// <summary><c>oauthaudience</c>.</summary>
    public static readonly ControlLine OAuthAudience = new("oauthaudience")
    {
        Line = "the claim aud",
        Readers = Tokens,
        Reread = Reread.Connection,
        Says = "OAuth tokens must be for {}.",
        Text = "For whom an OAuth token must be.",
    };

    /// <summary><c>oauthkeys</c>.</summary>
    public static readonly ControlData OAuthKeys = new("oauthkeys")
    {
        Format = "a JWK set (RFC 7517) of public keys",
        Without = "No keys for OAuth tokens.",
        Readers = Tokens,
        Reread = Reread.Connection,
        Says = "Keys for OAuth tokens.",
        Text = "The public keys of oauthissuer. Nothing is fetched: who changes keys writes the "
            + "file.",
    };

    /// <summary><c>oauthclaim</c>.</summary>
    public static readonly ControlLine OAuthClaim = new("oauthclaim", "email")
    {
        Line = "the name of a claim",
        Readers = Tokens,
        Reread = Reread.Connection,
        Says = "The account in an OAuth token is {}.",
        Text = "The claim of an OAuth token that is the account.",
    };

    /// <summary><c>saslmechanisms</c>.</summary>
    public static readonly ControlList SaslMechanisms = new("saslmechanisms")
    {
        Line = "the name of a mechanism",
        Without = "All SASL mechanisms are offered.",
        Readers = Both,
        Reread = Reread.Connection,
        Says = "SASL mechanism: {}.",
        Text = "The mechanisms that may be offered. Without it all are by which every user can "
            + "log in.",
    };

    /// <summary><c>pop3cleartext</c>.</summary>
    public static readonly ControlNumber Pop3ClearText = new("pop3cleartext", 0)
    {
        Readers = Pop3,
        Reread = Reread.Connection,
        Says = "POP3 passwords in the clear where TLS is offered: {}.",
        Text = "1 takes POP3 passwords in the clear where TLS is offered. Clients on the host "
            + "itself may always send them.",
    };

    /// <summary><c>concurrencypop3</c>. A mail program opens one or two connections.</summary>
    public static readonly ControlNumber ConcurrencyPop3 = new("concurrencypop3", 20)
    {
        Least = 1,
        Unit = "sessions",
        Readers = Pop3,
        Reread = Reread.Connection,
        Says = "Sessions of one mailbox at each POP3 listener: {}.",
        Text = "Sessions that one mailbox may have at once at each listener.",
    };

    /// <summary><c>unknownrcpt</c>.</summary>
    public static readonly ControlNumber UnknownRcpt = new("unknownrcpt", 100)
    {
        Most = 1_000_000,
        Unit = "recipients",
        Readers = "qmail-lookup(8)",
        Reread = Reread.Start,
        Says = "A client may name {} recipients that nobody has before it must wait.",
        Text = "Recipients that nobody has which a client may ask for within 10 minutes at once. "
            + "Each further answer comes later than the one before. 0 means no limit.",
    };
}
