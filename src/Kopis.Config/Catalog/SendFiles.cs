namespace Kopis.Config.Catalog;

/// <summary>Control files of qmail-send.</summary>
public static class SendFiles
{
    private const string Send = "qmail-send(8)";
    private const string SendAndLspawn = "qmail-lspawn(8) qmail-send(8)";
    private const int ConcurrencyMost = 255; // A slot is one byte.
    private const int RemoteMost = 10_000; // With another spawner than ours, 255 too.

    /// <summary><c>bouncefrom</c>.</summary>
    public static readonly ControlLine BounceFrom = new("bouncefrom", "MAILER-DAEMON")
    {
        IsQmails = true,
        Line = "a local part",
        Readers = Send,
        Reread = Reread.Signal,
        Says = "Bounce user name is {}.",
        Text = "The local part of the From address of bounces. Their envelope sender is empty.",
    };

    /// <summary><c>bouncehost</c>.</summary>
    public static readonly ControlLine BounceHost = new("bouncehost", "bouncehost")
    {
        IsQmails = true,
        IsOrMe = true,
        Line = "a domain",
        Readers = Send,
        Reread = Reread.Signal,
        Says = "Bounce host name is {}.",
        Text = "The domain of the From address of bounces.",
    };

    /// <summary><c>bouncemaxbytes</c>. Postfix returns as much.</summary>
    public static readonly ControlNumber BounceMaxBytes = new("bouncemaxbytes", 50_000)
    {
        Unit = "bytes",
        Readers = Send,
        Reread = Reread.Signal,
        Says = "Bounces give back of a message at most {} bytes.",
        Text = "How much of a message its bounce gives back. The rest of a larger one is left "
            + "out, and a bounce with DSN gives back the header. 0 means no limit.",
    };

    /// <summary><c>concurrencylocal</c>.</summary>
    public static readonly ControlNumber ConcurrencyLocal = new("concurrencylocal", 10)
    {
        IsQmails = true,
        Most = ConcurrencyMost,
        Unit = "programs",
        Readers = SendAndLspawn,
        Reread = Reread.Start,
        Says = "Local concurrency is {}.",
        Text = "Programs of .qmail files that run at once. 0 delivers nothing locally. With a "
            + "qmail-lspawn of another make it is the number of local deliveries at once.",
    };

    /// <summary><c>concurrencymailbox</c>: qmail-lspawn has always announced 120.</summary>
    public static readonly ControlNumber ConcurrencyMailbox = new("concurrencymailbox", 120)
    {
        Most = ConcurrencyMost,
        Unit = "deliveries",
        Readers = SendAndLspawn,
        Reread = Reread.Signal,
        Says = "Local deliveries at once: {}.",
        Text = "Local deliveries at once, with those that wait for a place to run a program. One "
            + "user has at most half of them. 0 delivers nothing locally. More than at the start "
            + "of qmail-lspawn need its restart.",
    };

    /// <summary><c>concurrencyremote</c>.</summary>
    public static readonly ControlNumber ConcurrencyRemote = new("concurrencyremote", 20)
    {
        IsQmails = true,
        Most = RemoteMost,
        Unit = "deliveries",
        Readers = Send,
        Reread = Reread.Signal,
        Says = "Remote concurrency is {}.",
        Text = "Remote deliveries at once. 0 delivers nothing. A qmail-rspawn of another make "
            + "can run 255 at most.",
    };

    /// <summary><c>concurrencyshared</c>.</summary>
    public static readonly ControlNumber ConcurrencyShared = new("concurrencyshared", null)
    {
        Least = 1,
        Most = ConcurrencyMost,
        Unit = "programs",
        Instead = "half of concurrencylocal",
        Readers = SendAndLspawn,
        Reread = Reread.Start,
        Says = "Programs of .qmail files before each user has one at once: {}.",
        Text = "Programs of .qmail files that run before each user has one at a time only. One "
            + "user's programs that hang leave room for the others'. With a qmail-lspawn of "
            + "another make it counts local deliveries.",
    };

    /// <summary><c>delaynotify</c>.</summary>
    public static readonly ControlNumber DelayNotify = new("delaynotify", 14_400)
    {
        Unit = "seconds",
        Readers = Send,
        Reread = Reread.Signal,
        Says = "Senders who ask are told of a delay after {} seconds.",
        Text = "The age at which a message counts as delayed. Senders who asked for it (DSN) are "
            + "told then. 0 is never.",
    };

    /// <summary><c>doublebouncehost</c>.</summary>
    public static readonly ControlLine DoubleBounceHost =
        new("doublebouncehost", "doublebouncehost")
        {
            IsQmails = true,
            IsOrMe = true,
            Line = "a domain",
            Readers = Send,
            Reread = Reread.Signal,
            Says = "2B recipient host: {}.",
            Text = "The domain of the recipient of double bounces.",
        };

    /// <summary><c>doublebounceto</c>.</summary>
    public static readonly ControlLine DoubleBounceTo = new("doublebounceto", "postmaster")
    {
        IsQmails = true,
        Line = "a local part",
        Readers = Send,
        Reread = Reread.Signal,
        Says = "2B recipient user: {}.",
        Text = "The local part of the recipient of double bounces: of bounces that bounced. An "
            + "empty line throws them away.",
    };

    /// <summary><c>queuelifetime</c>.</summary>
    public static readonly ControlNumber QueueLifetime = new("queuelifetime", 604_800)
    {
        IsQmails = true,
        Unit = "seconds",
        Readers = Send,
        Reread = Reread.Signal,
        Says = "Message lifetime in the queue is {} seconds.",
        Text = "How long a message may stay in the queue. After it each recipient is tried once "
            + "more, and then it bounces.",
    };

    /// <summary><c>queuememory</c>. The default holds a million messages with one recipient each.
    /// </summary>
    public static readonly ControlNumber QueueMemory = new("queuememory", 256 * 1024 * 1024)
    {
        Least = 1024 * 1024,
        Unit = "bytes",
        Readers = Send,
        Reread = Reread.Signal,
        Says = "Waiting messages take in memory at most {} bytes.",
        Text = "Memory for waiting messages. More of them wait on the disk. One submitter gets "
            + "as much of it as it leaves free.",
    };

    /// <summary><c>retryschedule</c>.</summary>
    public static readonly ControlList RetrySchedule = new("retryschedule")
    {
        Line = "CLASS qmail, or CLASS SECONDS SECONDS...",
        Without = "All classes of failure have qmail's schedule.",
        Readers = Send,
        Reread = Reread.Signal,
        Says = "Retries after failures of a class: {}",
        Text = "When deferred remote recipients are tried again, by class of failure. Classes are "
            + "bad-mailbox, inactive-mailbox, bad-domain, quota, policy, spam-content, "
            + "authentication, greylisted, rate-limited, connection-failed, tls-failed, protocol, "
            + "size, relay-denied, dns, loop, login-refused, server-trouble, local, form, unknown, "
            + "or * for those without a line. Each number of seconds is a wait, from 30 to "
            + "604800; the last one repeats. qmail is qmail's schedule. A message with "
            + "recipients of several classes comes again for the first of them. What a reply "
            + "asks for counts as before (replies), and queuelifetime ends all. A line that "
            + "cannot be understood is ignored, with a warning.",
    };
}
