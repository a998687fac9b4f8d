namespace Kopis.Config.Catalog;

/// <summary>The files of <c>users</c>: who has an address here. qmail-users(5) has their formats.
/// </summary>
public static class AccountFiles
{
    private const string Users = "users";
    private const string Assigned =
        "qmail-pw2u(8) has made assign of it, and qmail-newu(8) cdb of that";

    private const string Askers = "qmail-lspawn(8) qmail-lookup(8)";

    /// <summary><c>assign</c>.</summary>
    public static readonly ControlData Assign = new("assign")
    {
        Folder = Users,
        IsQmails = true,
        Format = "lines =local:user:uid:gid:home:dash:ext: and "
            + "+start:user:uid:gid:home:dash:pre:, then a dot",
        Without = "Users of the host get their mail as /etc/passwd has them.",
        Readers = "qmail-newu(8)",
        Reread = Reread.Use,
        Once = "qmail-newu(8) has made cdb of it",
        Text = "Which user gets which address. After a change qmail-newu makes cdb of it. See "
            + "qmail-users(5).",
    };

    /// <summary><c>cdb</c>.</summary>
    public static readonly ControlData Compiled = new("cdb")
    {
        Folder = Users,
        IsQmails = true,
        IsCdb = true,
        Format = "a constant database",
        Without = "Users of the host get their mail as /etc/passwd has them.",
        Readers = Askers,
        Reread = Reread.Use,
        Text = "What qmail-newu makes of assign. It is asked before all else. See qmail-users(5).",
    };

    /// <summary><c>include</c>.</summary>
    public static readonly ControlList Include = new("include")
    {
        Folder = Users,
        IsQmails = true,
        Line = "a user",
        Without = "All users of passwd are taken.",
        Readers = "qmail-pw2u(8)",
        Reread = Reread.Use,
        Once = Assigned,
        Text = "The only users that qmail-pw2u takes. See qmail-users(5).",
    };

    /// <summary><c>exclude</c>.</summary>
    public static readonly ControlList Exclude = new("exclude")
    {
        Folder = Users,
        IsQmails = true,
        Line = "a user",
        Without = "No user is left out.",
        Readers = "qmail-pw2u(8)",
        Reread = Reread.Use,
        Once = Assigned,
        Text = "Users that qmail-pw2u leaves out. See qmail-users(5).",
    };

    /// <summary><c>mailnames</c>.</summary>
    public static readonly ControlList MailNames = new("mailnames")
    {
        Folder = Users,
        IsQmails = true,
        Line = "user:name:name...",
        Without = "Each user has the name of passwd.",
        Readers = "qmail-pw2u(8)",
        Reread = Reread.Use,
        Once = Assigned,
        Text = "Names of a user's addresses, in place of the user's own. See qmail-users(5).",
    };

    /// <summary><c>subusers</c>.</summary>
    public static readonly ControlList SubUsers = new("subusers")
    {
        Folder = Users,
        IsQmails = true,
        Line = "sub:user:pre:",
        Without = "There are no further names.",
        Readers = "qmail-pw2u(8)",
        Reread = Reread.Use,
        Once = Assigned,
        Text = "Further names, each with a user and an extension. See qmail-users(5).",
    };

    /// <summary><c>append</c>.</summary>
    public static readonly ControlData Append = new("append")
    {
        Folder = Users,
        IsQmails = true,
        Format = "lines as in assign",
        Without = "Nothing is added.",
        Readers = "qmail-pw2u(8)",
        Reread = Reread.Use,
        Once = Assigned,
        Text = "What qmail-pw2u adds at the end, as it is. See qmail-users(5).",
    };

    /// <summary><c>virtual</c>.</summary>
    public static readonly ControlData Virtual = new("virtual")
    {
        Folder = Users,
        Format = "lines address:hash:home",
        Without = "There are no virtual users.",
        Readers = Askers + " kopis-user(1)",
        Reread = Reread.Use,
        Text = "Virtual users: addresses with a password and a mailbox of their own. "
            + "kopis-user(1) writes it. See qmail-users(5).",
    };

    /// <summary><c>virtual.cdb</c>.</summary>
    public static readonly ControlData VirtualCdb = new("virtual.cdb")
    {
        Folder = Users,
        IsCdb = true,
        Format = "a constant database",
        Without = "The text is read whole.",
        Readers = Askers + " kopis-user(1)",
        Reread = Reread.Use,
        Text = "The index of virtual. It is believed only where it was made of that very text.",
    };

    /// <summary><c>aliases</c>.</summary>
    public static readonly ControlData Aliases = new("aliases")
    {
        Folder = Users,
        Format = "lines address:target,target",
        Without = "There are no aliases of virtual users.",
        Readers = Askers + " kopis-alias(1)",
        Reread = Reread.Use,
        Text = "Aliases and catch-alls of virtual users. kopis-alias(1) writes it. See "
            + "qmail-users(5).",
    };

    /// <summary><c>aliases.cdb</c>.</summary>
    public static readonly ControlData AliasesCdb = new("aliases.cdb")
    {
        Folder = Users,
        IsCdb = true,
        Format = "a constant database",
        Without = "The text is read whole.",
        Readers = Askers + " kopis-alias(1)",
        Reread = Reread.Use,
        Text = "The index of aliases. It is believed only where it was made of that very text.",
    };

    /// <summary><c>apop</c>.</summary>
    public static readonly ControlData Apop = new("apop")
    {
        Folder = Users,
        Format = "lines address:password",
        Without = "Nobody can log in by APOP.",
        Readers = "qmail-lookup(8) kopis-user(1)",
        Reread = Reread.Use,
        Text = "Passwords of virtual users as they are, for APOP alone. kopis-user(1) writes it "
            + "where it is asked to. See qmail-users(5).",
    };

    /// <summary><c>dovecot.passwd</c>.</summary>
    public static readonly ControlData DovecotPasswd = new("dovecot.passwd")
    {
        Folder = Users,
        Format = "lines address:{SCRAM-SHA-256}keys:uid:gid::home::",
        Without = "Dovecot does not know the virtual users.",
        Readers = "kopis-user(1)",
        Reread = Reread.Use,
        Text = "The virtual users for Dovecot. kopis user passwd-file makes it, and from then on "
            + "each change of a user. Its owner, its group, and its mode up to 0640 stay. See "
            + "kopis-user(1).",
    };

    /// <summary><c>mail</c>.</summary>
    public static readonly ControlData Mail = new("mail")
    {
        Folder = Users,
        IsNoFile = true,
        Format = "a directory for each domain, in it one for each user",
        Without = "There are no virtual users.",
        Readers = "qmail-local(8) qmail-pop3d(8) kopis-user(1)",
        Reread = Reread.Use,
        Text = "The homes of virtual users. See qmail-users(5).",
    };

    /// <summary><c>lookup</c>.</summary>
    public static readonly ControlData Lookup = new("lookup")
    {
        Folder = Users,
        IsNoFile = true,
        Format = "a socket",
        Without = "Listeners put mail for this host off.",
        Readers = "qmail-smtpd(8) qmail-qmtpd(8)",
        Reread = Reread.Use,
        Text = "Where qmail-lookup answers listeners of mail.",
    };

    /// <summary><c>passwd</c>.</summary>
    public static readonly ControlData Passwd = new("passwd")
    {
        Folder = Users,
        IsNoFile = true,
        Format = "a socket",
        Without = "Nobody changes the password of his mail in the dashboard.",
        Readers = "kopis-web(8)",
        Reread = Reread.Use,
        Text = "Where kopis user change-password answers the dashboard.",
    };

    /// <summary><c>readers</c>.</summary>
    public static readonly ControlData Readers = new("readers")
    {
        Folder = Users,
        IsNoFile = true,
        Format = "a socket",
        Without = "Nobody can log in to read mail.",
        Readers = "qmail-popup(8)",
        Reread = Reread.Use,
        Text = "Where qmail-lookup answers listeners of POP3.",
    };
}
