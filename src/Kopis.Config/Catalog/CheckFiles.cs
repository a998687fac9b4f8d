namespace Kopis.Config.Catalog;

/// <summary>Control files of the checks that test whether a stranger's message comes from where it
/// says.</summary>
public static class CheckFiles
{
    private const string Smtp = "qmail-smtpd(8) qmail-qmtpd(8)";
    private const string Words = "off, tag, defer or reject";
    private const string Tag = "tag";
    private const string Does = " off does not ask. tag writes the result into the message's "
        + "Authentication-Results. defer and reject refuse a message that fails with 451 or 550.";

    private const string DoesAtOnce = " off does not look. tag writes the fault into the message's "
        + "Authentication-Results, as x-helo=fail. defer and reject refuse each recipient with 451 "
        + "or 550.";

    /// <summary><c>checkhelo</c>.</summary>
    public static readonly ControlLine Helo = new("checkhelo", "off")
    {
        Line = Words,
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "The form of names in HELO is checked: {}.",
        Text = "Whether the client calls itself by a name with a dot or by an address in brackets "
            + "(RFC 5321 4.1.3)." + DoesAtOnce,
    };

    /// <summary><c>checkheloself</c>.</summary>
    public static readonly ControlLine HeloSelf = new("checkheloself", "off")
    {
        Line = Words,
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Clients that call themselves by our name are checked: {}.",
        Text = "Whether a client on another host calls itself by a name or an address of ours. "
            + "Names are me, the first word of smtpgreeting, and localhost." + DoesAtOnce,
    };

    /// <summary><c>checkspf</c>.</summary>
    public static readonly ControlLine Spf = new("checkspf", Tag)
    {
        Line = Words,
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "SPF is checked: {}.",
        Text = "Whether the client may send for the domain of the envelope sender (SPF)." + Does,
    };

    /// <summary><c>checkdkim</c>.</summary>
    public static readonly ControlLine Dkim = new("checkdkim", Tag)
    {
        Line = Words,
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "DKIM is checked: {}.",
        Text = "Whether the message's signatures are right (DKIM)." + Does
            + " A message without a signature does not fail, nor does one that has a right one.",
    };

    /// <summary><c>checkdmarc</c>.</summary>
    public static readonly ControlLine Dmarc = new("checkdmarc", Tag)
    {
        Line = "off, tag, policy, defer or reject",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "DMARC is checked: {}.",
        Text = "Whether SPF or DKIM speaks for the domain of From (DMARC)." + Does
            + " policy does what the domain asks for: it refuses a message that fails where that "
            + "is p=reject. It needs SPF or DKIM, which are asked for it if they are off.",
    };

    /// <summary><c>checkiprev</c>.</summary>
    public static readonly ControlLine ReverseName = new("checkiprev", Tag)
    {
        Line = Words,
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Names of clients' addresses are checked: {}.",
        Text = "Whether the client's address has a name that has the address (iprev)." + Does,
    };

    /// <summary><c>checkexempt</c>.</summary>
    public static readonly ControlList Exempt = new("checkexempt")
    {
        Line = "an address or a network of clients",
        Without = "Every failed check counts.",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Checked, but never refused for it: {}.",
        Text = "Forwarders and lists that are known: their messages are checked and tagged, and "
            + "never refused for what the checks say.",
    };

    /// <summary><c>checkloopback</c>.</summary>
    public static readonly ControlNumber Loopback = new("checkloopback", 0)
    {
        Most = 1,
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Messages from this host are checked: {}.",
        Text = "With 1, clients at 127.0.0.1 and ::1 are checked too, as behind a proxy that "
            + "does not name its clients. Otherwise what comes from there is this host's own.",
    };

    /// <summary><c>dmarcreports</c>.</summary>
    public static readonly ControlLine Reports = new("dmarcreports")
    {
        Line = "an address, and the name of an organization",
        Absent = "no reports",
        Readers = Smtp + " kopis-dmarc(8)",
        Reread = Reread.Connection,
        Says = "Domains that ask for it get reports of DMARC from {}.",
        Text = "What DMARC finds of strangers' mail is collected. kopis-dmarc(8) sends it "
            + "once a day to domains that ask for reports. They are from this address; mail "
            + "that comes to it is in no report. It needs checkdmarc, and keys that sign mail "
            + "of its domain.",
    };

    /// <summary><c>authservid</c>.</summary>
    public static readonly ControlLine AuthServId = new("authservid")
    {
        IsOrMe = true,
        Line = "a host name",
        Readers = Smtp,
        Reread = Reread.Connection,
        Says = "Authentication-Results are of {}.",
        Text = "The name that Authentication-Results of this host begin with. Fields of this name "
            + "that a message of a stranger or a user brings along are removed, and those of me.",
    };
}
