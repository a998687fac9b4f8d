namespace Kopis.Config.Catalog;

/// <summary>The files of <c>auth</c>: logins at relays. qmail-auth(5) describes their formats.
/// Lines can name further files, which hold tokens.</summary>
public static class AuthFiles
{
    /// <summary>The directory of the home.</summary>
    public const string Directory = "auth";

    private const string Remote = "qmail-remote(8) qmail-rspawn(8)";

    /// <summary><c>smtproutes</c>.</summary>
    public static readonly ControlData SmtpRoutes = new("smtproutes")
    {
        Folder = Directory,
        Format = "lines domain:relay:port|user|password",
        Without = "No route by domain has a login.",
        Readers = Remote,
        Reread = Reread.Message,
        Text = "Relays for a domain's mail, with logins. Its lines count as if they came after "
            + "those of smtproutes in control. A line that cannot be understood delays the mail "
            + "of its own domain. See qmail-auth(5).",
    };

    /// <summary><c>authsenders</c>.</summary>
    public static readonly ControlData AuthSenders = new("authsenders")
    {
        Folder = Directory,
        Format = "lines sender:relay:port|user|password or sender|user|password",
        Without = "No route or login depends on the sender.",
        Readers = Remote,
        Reread = Reread.Message,
        Text = "Relays and logins by envelope sender, which count before those of smtproutes. A "
            + "line that cannot be understood delays the mail of its own senders. See "
            + "qmail-auth(5).",
    };
}
