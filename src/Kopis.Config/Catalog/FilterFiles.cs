namespace Kopis.Config.Catalog;

/// <summary>Control files of programs that judge and change messages as they arrive.</summary>
public static class FilterFiles
{
    /// <summary><c>milters</c>.</summary>
    public static readonly ControlList Milters = new("milters")
    {
        Line = "inet:ADDRESS:PORT or unix:PATH of a filter, and words behind it",
        Without = "No filter is asked.",
        Readers = "qmail-smtpd(8) qmail-qmtpd(8)",
        Reread = Reread.Message,
        Says = "Messages are filtered by {}.",
        Text = "Filters that are asked about each message that comes by SMTP, by the milter "
            + "protocol, in this order. ADDRESS is an IP address, with [] around one of IPv6, or "
            + "localhost. Words behind it, separated by blanks: default=tempfail or "
            + "default=accept says what becomes of a message while the filter is away, does not "
            + "answer in time, or answers nonsense (tempfail: 451). connect=10, command=30 and "
            + "message=300 are seconds: to connect, for each answer before the message, and for "
            + "the message. quarantine=ADDRESS gets what the filter puts into quarantine, in the "
            + "recipients' place; without it that is refused with 451. once closes the connection "
            + "after each message; keep keeps it after each, which rspamd can, and libmilter not. "
            + "Without either it is kept where the filter's last answer was to continue. A wrong "
            + "line ends sessions with 421.",
    };
}
