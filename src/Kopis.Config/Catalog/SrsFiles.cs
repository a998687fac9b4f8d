namespace Kopis.Config.Catalog;

/// <summary>Control files of the sender of forwarded mail (SRS).</summary>
public static class SrsFiles
{
    /// <summary><c>srsdomain</c>.</summary>
    public static readonly ControlLine Domain = new("srsdomain")
    {
        Line = "a domain of this host",
        Readers = "qmail-send(8) qmail-rspawn(8) qmail-smtpd(8) qmail-qmtpd(8) qmail-lookup(8) "
            + "kopis-srs(1)",
        Reread = Reread.Hangup,
        Says = "Forwarded mail has senders of {}.",
        Absent = "not rewritten",
        Text = "The domain that foreign senders of forwarded mail get (SRS), so that SPF does not "
            + "speak against it. Bounces come back to it: its MX is this host. Without it "
            + "senders stay as they are. The secret is made by kopis-srs(1).",
    };

    /// <summary><c>srsmaxage</c>.</summary>
    public static readonly ControlNumber MaxAge = new("srsmaxage", 21)
    {
        Least = 1,
        Most = 1000,
        Unit = "days",
        Readers = "qmail-rspawn(8) qmail-lookup(8)",
        Reread = Reread.Message,
        Says = "Bounces of forwarded mail find back for {} days.",
        Text = "How long bounces are taken at an address of SRS: longer than any host keeps mail "
            + "that it cannot deliver.",
    };
}
