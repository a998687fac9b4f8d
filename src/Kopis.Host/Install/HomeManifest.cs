using Kind = Kopis.Host.Install.HomeEntryKind;

namespace Kopis.Host.Install;

/// <summary>The users, groups, directories and files of a host, with owners and modes. The
/// installer makes them, <c>kopis check-install</c> checks them, and <c>kopis run</c> takes its
/// directories from this list. The names of the constants are the modes in octal.</summary>
public static class HomeManifest
{
    private const int M0600 = 0x180;
    private const int M0622 = 0x192;
    private const int M0644 = 0x1A4;
    private const int M0700 = 0x1C0;
    private const int M0711 = 0x1C9;
    private const int M0750 = 0x1E8;
    private const int M0755 = 0x1ED;
    private const int M2751 = 0x5E9;
    private const int M2755 = 0x5ED;

    /// <summary>The groups: <c>qmail</c> may read the queue; <c>qmailw</c> may read the journal,
    /// and reaches the command socket of qmail-send.</summary>
    public static IReadOnlyList<string> Groups { get; } = ["qmail", "nofiles", "qmailw"];

    /// <summary>The users; each runs one part (contract §1).</summary>
    public static IReadOnlyList<HomeUser> Users { get; } =
    [
        new("alias", "nofiles", "alias"), // Addresses that are no user's; virtual users.
        new("qmaild", "nofiles", ""), // Listens.
        new("qmaill", "nofiles", ""), // Logs, and writes the journal.
        new("qmailp", "nofiles", ""), // Looks users up.
        new("qmailq", "qmail", ""), // Writes the queue, removes from it.
        new("qmailr", "qmail", ""), // Sends to other hosts.
        new("qmails", "qmail", ""), // Schedules, retries, bounces.
        new("qmailw", "qmailw", ""), // The dashboard.
    ];

    /// <summary>The directories and files; parents come before their contents.</summary>
    public static IReadOnlyList<HomeEntry> Entries { get; } =
    [
        new("", Kind.Directory, "root", "qmail", M0755, M0755),
        new("alias", Kind.Directory, "alias", "qmail", M2755, M0755),
        new("auth", Kind.Directory, "qmailr", "qmail", M0711, M0711), // Logins at relays.
        new("bin", Kind.Directory, "root", "qmail", M0755, M0755),
        new("completion", Kind.Directory, "root", "qmail", M0755, null), // For shells.
        new("control", Kind.Directory, "root", "qmail", M0755, M0755),
        new("dkim", Kind.Directory, "qmailr", "qmail", M0700, M0700), // Keys that sign mail.
        new("greylist", Kind.Directory, "qmaild", "nofiles", M0700, M0700), // Who has come before.

        // Observations for DMARC reports.
        new("dmarc", Kind.Directory, "qmaild", "nofiles", M0700, M0700),

        // The journal. Any process may send records to its socket, and the group qmailw may read
        // it.
        new("journal", Kind.Directory, "qmaill", "qmailw", M2751, M0700),
        new("man", Kind.Directory, "root", "qmail", M0755, null),
        new("man/man1", Kind.Directory, "root", "qmail", M0755, null),
        new("man/man5", Kind.Directory, "root", "qmail", M0755, null),
        new("man/man7", Kind.Directory, "root", "qmail", M0755, null),
        new("man/man8", Kind.Directory, "root", "qmail", M0755, null),
        new("mta-sts", Kind.Directory, "qmailr", "qmail", M0700, M0700), // Receivers' policies.
        new("srs", Kind.Directory, "qmailr", "qmail", M0700, M0700), // Secrets of senders.
        new("tls", Kind.Directory, "qmaild", "nofiles", M0700, M0700), // What ACME keeps.
        new("tlsrpt", Kind.Directory, "qmailr", "qmail", M0700, M0700), // What reports will say.
        new("web", Kind.Directory, "qmailw", "qmailw", M0700, M0700), // The dashboard's password.
        new("users", Kind.Directory, "root", "qmail", M0755, M0700),

        // The mail of virtual users. Mailboxes have this directory's owner, who must not be root.
        new("users/mail", Kind.Directory, "alias", "nofiles", M0700, M0700),

        // Users who may not list the queue's directory can still reach queue/intake in it.
        new("queue", Kind.Directory, "qmailq", "qmail", M0755, M0755),
        new("queue/bounce", Kind.Directory, "qmails", "qmail", M0700, M0700),

        // The command socket of qmail-send, for the dashboard as well as qmails.
        new("queue/command", Kind.Directory, "qmails", "qmailw", M0750, M0700),
        new("queue/mess", Kind.Directory, "qmailq", "qmail", M0750, M0700),
        new("queue/mess/incoming", Kind.Directory, "qmailq", "qmail", M0700, M0700),
        new("queue/state", Kind.Directory, "qmails", "qmail", M0700, M0700),

        // Only qmailq makes files here; the other users have places of their own.
        new("queue/lock", Kind.Directory, "qmailq", "qmail", M0750, M0700),
        new("queue/lock/sendmutex", Kind.File, "qmails", "qmail", M0600, null),
        new("queue/lock/tcpto", Kind.File, "qmailr", "qmail", M0644, null),
        new("queue/lock/trigger", Kind.Fifo, "qmails", "qmail", M0622, null),
    ];
}
