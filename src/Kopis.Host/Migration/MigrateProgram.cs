using System.Text;
using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Host.Accounts;
using Kopis.Host.Migration.Mailboxes;
using Kopis.Host.Migration.Postfix;
using Kopis.Host.Migration.Qmail;
using Kopis.Host.Migration.Sendmail;
using Kopis.Host.Migration.Steps;
using Kopis.Posix;

namespace Kopis.Host.Migration;

/// <summary><c>kopis migrate</c>: takes over the settings of another mail server
/// (kopis-migrate(1)).</summary>
public static class MigrateProgram
{
    private const int NameBytesMax = 31; // As of qmail-getpw.

    private const string Usage = """
        usage: kopis migrate from-postfix [--from DIR] [--passwords FILE] [--dry-run]
               kopis migrate from-sendmail [--from DIR] [--dry-run]
               kopis migrate from-qmail [--from DIR] [--rules FILE] [--dry-run]
               kopis migrate mailbox MBOX MAILDIR
               kopis migrate --undo
               kopis migrate --accept
               kopis migrate step NUMBER [--undo | --dry-run]

        Reads the settings of another mail server and writes what Kopis has for them into the
        control files, aliases and virtual users of the home. What cannot be carried is printed
        with its file and line. DIR is /etc/postfix, /etc/mail or /var/qmail. FILE of --passwords
        has lines user:{SCHEME}hash, as Dovecot reads them; that of --rules is the text of
        tcpserver's rules. --dry-run writes nothing. --undo gives the home back what it had,
        unless it has changed since; --accept gives up the way back. mailbox makes a new MAILDIR of
        the mail in MBOX, which stays. step does one of the five steps of docs/MOVING.md on a host
        with systemd, or takes it back.

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context) =>
        AccountCommand.Run(context, Usage, words => words switch
        {
            ["mailbox", [not '-', ..] mbox, [not '-', ..] maildir] =>
                MailboxCommand.Run(context, mbox, maildir),
            ["--undo"] => new MigrationJournal(context.Home).Undo()
                + OwnDomains.SignalSend(context) + "\n",
            ["step", .. string[] more] => StepCommand.Run(context, more),
            ["--accept"] => new MigrationJournal(context.Home).Accept(),
            [['f', ..] kind, .. string[] more] when MigrateOptions.Parse(kind, more) is { } options
                => Migrate(context, options),
            _ => null,
        }, DirectoryOf(context));

    // Work in another user's directory is done as its owner.
    private static string DirectoryOf(ProgramContext context) =>
        context.ArgumentText(0) == "mailbox" && context.ArgumentText(2) is { Length: > 0 }
            ? Path.GetDirectoryName(
                Path.GetFullPath(Encoding.UTF8.GetString(context.Arguments[2]))) ?? "/"
            : "users";

    private static string Migrate(ProgramContext context, MigrateOptions options)
    {
        HostView host = new(
            HostName(),
            IsUser,
            name => Path.Exists(context.In($"alias/.qmail-{name.Replace('.', ':')}")));
        SitePlan plan = new();
        IReadOnlyDictionary<string, Func<string>> hashes = options.PasswordFile is { } file
            ? ForeignPasswords.Read(file, plan)
            : new Dictionary<string, Func<string>>();
        SitePlan site = options.Kind switch
        {
            "from-qmail" => FromQmail(context, options),
            "from-sendmail" => SendmailSite.Read(options.Directory, host),
            _ => PostfixSite.Read(options.Directory, host, hashes),
        };
        site.Losses.InsertRange(0, plan.Losses);
        PlanWriter writer = new(context, site);
        writer.Settle();
        string text = PlanReport.Of(site);
        if (options.IsDryRun)
        {
            return $"{text}nothing was written\n";
        }

        writer.Write();
        return $"{text}{OwnDomains.SignalSend(context)}\n"
            + "undo: kopis migrate --undo; see what is wrong: kopis config check\n";
    }

    private static SitePlan FromQmail(ProgramContext context, MigrateOptions options) =>
        Path.GetFullPath(options.Directory) == Path.GetFullPath(context.Home)
            ? throw AccountCommand.Refused(
                $"{AccountCommand.Safe(context.Home)} is this home: Kopis uses what is there")
            : QmailSite.Read(options.Directory, options.Rules);

    // As in qmail-getpw: a user owns a home directory.
    private static bool IsUser(string name) => name.Length <= NameBytesMax
        && UnixUsers.ByName(name) is { Uid: > 0 } user
        && Fd.TryStatus(Fd.PathBytes(user.Home), out _) is { } home && home.Uid == user.Uid;

    private static string HostName() => HostNames.Sound(System.Net.Dns.GetHostName());
}
