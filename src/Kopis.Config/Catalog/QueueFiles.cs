namespace Kopis.Config.Catalog;

/// <summary>Control files of the queue's intake. They limit what one user of the host may ask of
/// it; qmail's own users have no such limits.</summary>
public static class QueueFiles
{
    private const string Queue = "qmail-queue(8)";

    /// <summary><c>concurrencyintake</c>. The greatest value is what one writer serves.</summary>
    public static readonly ControlNumber ConcurrencyIntake = new("concurrencyintake", 512)
    {
        Least = 1,
        Most = 4096,
        Unit = "connections",
        Readers = Queue,
        Reread = Reread.Start,
        Says = "Intake connections of one user: {}.",
        Text = "Connections to the queue's intake that one user of the host may have. There are "
            + "fewer where most are taken.",
    };

    /// <summary><c>localrecipients</c>. The default is one envelope full of addresses of usual
    /// length.</summary>
    public static readonly ControlNumber LocalRecipients = new("localrecipients", 500_000)
    {
        Least = 1,
        Unit = "recipients",
        Readers = Queue,
        Reread = Reread.Start,
        Says = "Messages of local users may have {} recipients.",
        Text = "Recipients of one message that a user of the host hands in.",
    };

    /// <summary><c>queueshare</c>.</summary>
    public static readonly ControlNumber QueueShare = new("queueshare", 50)
    {
        Least = 1,
        Most = 100,
        Unit = "percent",
        Readers = Queue,
        Reread = Reread.Start,
        Says = "Of the queue's free disk one local user may have percent: {}.",
        Text = "The part of the queue's free disk that the messages of one user of the host may "
            + "take. The disk counts as free without what the user has there already.",
    };

    /// <summary><c>timeoutintake</c>. The default is that of <c>timeoutsmtpd</c>.</summary>
    public static readonly ControlNumber TimeoutIntake = new("timeoutintake", 1200)
    {
        Least = 1,
        Most = 86_400,
        Unit = "seconds",
        Readers = Queue,
        Reread = Reread.Start,
        Says = "Local users' connections to the queue may be silent for {} seconds.",
        Text = "How long a connection of a user of the host to the queue's intake may be silent.",
    };
}
