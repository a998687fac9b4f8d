using Kopis.Host.Accounts;
using Kopis.Host.Backup;
using Kopis.Host.Certificates;
using Kopis.Host.Completion;
using Kopis.Host.Control;
using Kopis.Host.Dkim;
using Kopis.Host.Dmarc;
using Kopis.Host.Doctor;
using Kopis.Host.Install;
using Kopis.Host.Migration;
using Kopis.Host.Queue;
using Kopis.Host.Run;
using Kopis.Host.Srs;
using Kopis.Host.Status;
using Kopis.Host.TlsReports;
using Kopis.Host.Tokens;
using Kopis.Host.Upgrade;
using Kopis.Host.Web;
using Kopis.Inject;
using Kopis.Local.Spawn;
using Kopis.Local.Worker;
using Kopis.Remote;
using Kopis.Send;
using Kopis.Send.Clean;
using Kopis.Server.ClientPolicy;
using Kopis.Server.Pop3;
using Kopis.Server.Qmtp;
using Kopis.Server.Smtp;
using Kopis.Tools;
using Kopis.Tools.DotQmail;
using Kopis.Tools.Forwarding;
using Kopis.Tools.Journal;
using Kopis.Tools.Mailboxes;
using Kopis.Tools.Network;
using Kopis.Tools.Queue;
using Kopis.Tools.Tables;
using Kopis.Tools.Vacation;
using Kopis.Users.Lookup;

namespace Kopis;

/// <summary>Every program of the binary: the one list that links, help and pages follow.</summary>
internal static class ProgramTable
{
    internal static readonly ProgramEntry[] All =
    [
        // Rows in the order of a message's way.
        new("tcpserver", ChainTable.Listen, "root, then qmaild",
            "accept TCP connections and run a chain of programs for each"),
        new("tcprules", TcpRulesProgram.Run, "root",
            "compile rules for tcpserver"),
        new("tcprulescheck", TcpRulesProgram.Check, "anyone",
            "print what rules do with a client"),
        new("rblsmtpd", Rblsmtpd.Run, "qmaild",
            "block mail from clients on DNS lists"),
        new("tcpclient", TcpClientProgram.Run, "anyone",
            "connect to a server and run a program"),
        new("addcr", LineEnds.AddCr, "anyone", "insert CR before each LF"),
        new("delcr", LineEnds.DelCr, "anyone", "remove CR before each LF"),
        new("tai64n", TimeStamps.Tai64N, "anyone", "put a time stamp before each line"),
        new("tai64nlocal", TimeStamps.Tai64NLocal, "anyone", "show such times as local time"),
        new("fixcrio", Interposed.Fixcrio, "anyone",
            "run a program with CR inserted before each LF"),
        new("recordio", Interposed.Recordio, "anyone",
            "run a program and log what it reads and writes"),
        new("tcp-env", TcpEnvProgram.Run, "anyone",
            "run a program with TCP environment variables, under inetd"),
        new("argv0", Argv0.Run, "anyone", "run a program under another name"),
        new("mconnect", TcpTalk.Mconnect, "anyone", "connect a terminal to an SMTP server"),
        new("tcpcat", TcpTalk.Tcpcat, "anyone", "print what a server sends"),
        new("who@", TcpTalk.Who, "anyone", "ask a host who is logged in"),
        new("date@", TcpTalk.Date, "anyone", "ask a host for its time"),
        new("finger@", TcpTalk.Finger, "anyone", "ask a host about a user"),
        new("http@", TcpTalk.Http, "anyone", "fetch a page"),
        new("qmail-smtpd", QmailSmtpd.Run, "qmaild",
            "receive mail by SMTP"),
        new("qmail-qmtpd", QmailQmtpd.Run, "qmaild",
            "receive mail by QMTP"),
        new("qmail-qmqpd", QmailQmqpd.Run, "qmaild",
            "queue messages that other hosts send by QMQP"),
        new("qmail-newmrh", QmailNewmrh.Run, "root",
            "compile morercpthosts for qmail-smtpd"),
        new("qmail-inject", QmailInject.Run, "anyone",
            "complete the header of a message, and queue it"),
        new("sendmail", Sendmail.Run, "anyone",
            "send a message, with the options of sendmail"),
        new("mailq", Sendmail.Run, "anyone",
            "sendmail -bp"),
        new("newaliases", AliasPrograms.NewAliases, "root",
            "compile /etc/aliases for fastforward"),
        new("qmail-queue", QmailQueueProgram.Run, "anyone; --serve: qmailq", "queue a message"),
        new("qmail-qmqpc", QmailQmqpc.Run, "anyone",
            "queue a message on another host by QMQP"),
        new("qmail-start", QmailStartProgram.Run, "root",
            "start mail delivery and keep it running"),
        new("qmail-send", QmailSendProgram.Run, "qmails",
            "schedule, retry and bounce"),
        new("qmail-clean", QmailCleanProgram.Run, "qmailq",
            "remove finished messages from the queue"),
        new("qmail-lspawn", QmailLspawnProgram.Run, "root",
            "run local deliveries"),
        new("qmail-local", QmailLocalProgram.Run, "the user",
            "deliver or forward a message for a user"),
        new("qmail-getpw", QmailGetpwProgram.Run, "qmailp",
            "find the user of the host to whom an address belongs"),
        new("qmail-lookup", QmailLookupProgram.Run, "qmailp",
            "check whether an address exists and a password is right"),
        new("qmail-newu", QmailNewuProgram.Run, "root",
            "compile users/assign"),
        new("qmail-pw2u", QmailPw2uProgram.Run, "root",
            "make users/assign from /etc/passwd"),
        new("maildirmake", MaildirmakeProgram.Run, "anyone",
            "make a maildir"),
        new("forward", DotQmailTools.Forward, "the user",
            "forward a message, from a .qmail line"),
        new("condredirect", DotQmailTools.Condredirect, "the user",
            "forward a message if a program exits 0"),
        new("bouncesaying", DotQmailTools.Bouncesaying, "the user",
            "bounce a message with a text"),
        new("except", DotQmailTools.Except, "the user",
            "invert the exit code of a program"),
        new("preline", DotQmailTools.Preline, "the user",
            "run a command with the delivery lines before the message"),
        new("dot-forward", DotForward.Run, "the user",
            "forward as a .forward file says"),
        new("fastforward", FastForward.Run, "alias",
            "forward by a database of addresses"),
        new("setforward", AliasPrograms.SetForward, "anyone",
            "make a database for fastforward"),
        new("printforward", AliasPrograms.PrintForward, "anyone",
            "print a database of fastforward"),
        new("newinclude", AliasPrograms.NewInclude, "anyone",
            "compile an :include: file for fastforward"),
        new("setmaillist", AliasPrograms.SetMailList, "anyone",
            "make a mailing list for fastforward"),
        new("printmaillist", AliasPrograms.PrintMailList, "anyone",
            "print a mailing list of fastforward"),
        new("qreceipt", Qreceipt.Run, "the user",
            "answer a request for a delivery notice, from a .qmail line"),
        new("vacation", VacationProgram.Run, "the user",
            "answer messages while their reader is away, from a .qmail line"),
        new("qbiff", Qbiff.Run, "the user",
            "announce a message on the user's terminals, from a .qmail line"),
        new("qsmhook", Qsmhook.Run, "the user",
            "run sendmail's delivery agent, from a .qmail line"),
        new("predate", MailingTools.Predate, "anyone",
            "put a Date line before the input of a command"),
        new("datemail", MailingTools.Datemail, "anyone",
            "sendmail with a Date line in local time"),
        new("mailsubj", MailingTools.Mailsubj, "anyone",
            "send a message with a subject"),
        new("maildir2mbox", Maildir2mbox.Run, "the user",
            "move mail from a maildir to an mbox file"),
        new("elq", context => Maildir2mbox.ThenRead(context, "elm"), "the user",
            "maildir2mbox, then elm"),
        new("pinq", context => Maildir2mbox.ThenRead(context, "pine"), "the user",
            "maildir2mbox, then pine"),
        new("qail", context => Maildir2mbox.ThenRead(context, "Mail"), "the user",
            "maildir2mbox, then Mail"),
        new("maildirwatch", Maildirwatch.Run, "the user",
            "show a summary of new mail twice a minute"),
        new("splogger", Splogger.Run, "qmaill",
            "send lines to syslog"),
        new("qmail-journal", JournalProgram.Run, "qmaill",
            "write down what becomes of each message"),
        new("qmail-rspawn", QmailRspawnProgram.Run, "qmailr",
            "run deliveries to other hosts"),
        new("qmail-remote", QmailRemoteProgram.Run, "qmailr",
            "send a message to another host by SMTP"),
        new("qmail-popup", QmailPopup.Run, "qmaild",
            "greet a POP3 client and read its name and password"),
        new("checkpassword", Checkpassword.Run, "root",
            "check a password and run a program as its user"),
        new("qmail-popspawn", QmailPopspawnProgram.Run, "root",
            "start qmail-pop3d for users who have logged in"),
        new("qmail-pop3d", QmailPop3d.Run, "the user",
            "serve a user's mail by POP3"),
        new("qmail-qread", QmailQreadProgram.Run, "root",
            "list the messages of the queue and their recipients"),
        new("qmail-qstat", QmailQstatProgram.Run, "root",
            "count the messages of the queue"),
        new("qmail-tcpto", QmailTcptoProgram.Run, "anyone",
            "list hosts that recently did not answer"),
        new("qmail-tcpok", QmailTcptoProgram.RunOk, "root",
            "clear the table of hosts that did not answer"),
        new("qmail-showctl", QmailShowctlProgram.Run, "anyone",
            "print what the control files mean"),
        new("run", context => RunProgram.Run(context, Names, ControlChecks.All), "anyone",
            "run a whole mail host in the foreground"),
        new("install", context => InstallProgram.Run(context, Names), "root",
            "install a mail host, or uninstall it"),
        new("restart", context => RestartProgram.Run(context, ControlChecks.All),
            "root, or the home's owner",
            "start anew what runs an earlier program than the installed one"),
        new("check-install", context => InstallProgram.Check(context, Names), "root",
            "check users, directories and modes"),
        new("queue", QueueCommand.Run, "root",
            "list, show and change the queue; import and export queues of qmail"),
        new("trace", TraceProgram.Run, "root, or who may read the journal",
            "print what became of messages"),
        new("senders", SendersProgram.Run, "root, or who may read the journal",
            "print who has sent how much"),
        new("status", StatusProgram.Run, "root, or the home's owner",
            "show on one screen what runs, what waits, and what needs attention"),
        new("top", TopProgram.Run, "root, or the home's owner",
            "show once a second what the host does"),
        new("health", MetricsProgram.Health, "root, or the home's owner",
            "print in one line whether the host is well"),
        new("metrics", MetricsProgram.Metrics, "root, or the home's owner",
            "print what the host counts, for Prometheus"),
        new("summary", SummaryProgram.Run, "root, or who may read the journal",
            "print what a day had more or less of than the day before"),
        new("destinations", DestinationsProgram.Run, "root",
            "list the destinations of remote mail, pause and try them"),
        new("backup", BackupProgram.Backup, "root, or the home's owner",
            "copy a home in use: settings, users, secrets, the queue, mailboxes"),
        new("verify", BackupProgram.Verify, "root, or the home's owner",
            "check that a backup is whole"),
        new("restore", BackupProgram.Restore, "root, or the home's owner",
            "make a home of a backup"),
        new("user", UserProgram.Run, "root, or the home's owner",
            "add, list and remove virtual users"),
        new("domain", DomainProgram.Run, "root, or the home's owner",
            "add, list and remove domains of virtual users"),
        new("alias", AliasProgram.Run, "root, or the home's owner",
            "add, list and remove aliases of virtual users"),
        new("migrate", MigrateProgram.Run, "root, or the home's owner",
            "take over the settings of Postfix, sendmail or qmail"),
        new("dkim", DkimProgram.Run, "root, or the home's owner",
            "make, show, check and rotate the keys that sign mail"),
        new("dmarc", DmarcProgram.Run, "anyone; send: qmaild",
            "read reports of DMARC, and send them"),
        new("tlsrpt", TlsReportProgram.Run, "anyone; send: qmailr",
            "read reports of TLS, and send them"),
        new("srs", SrsProgram.Run, "root, or the home's owner",
            "make and show the secrets of forwarded mail's senders"),
        new("token", TokenProgram.Run, "root, or the home's owner",
            "get and renew OAuth tokens for logins at relays"),
        new("web", WebProgram.Run, "root, or the home's owner",
            "set the password of the dashboard, and its token for monitors"),
        new("certificate", CertificateProgram.Run, "root, or the home's owner",
            "make a self-signed certificate, or import one"),
        new("acme", AcmeProgram.Run, "qmaild",
            "get and renew the host's certificate from an ACME server"),
        new("config", context => ConfigProgram.Run(context, ControlChecks.Readers), "anyone",
            "check and explain the control files"),
        new("doctor", context => DoctorProgram.Run(context, Names, ControlChecks.Readers),
            "anyone; for root, qmaild asks the network",
            "check the host, its domains in DNS and its ports"),
        new("completion", context => CompletionProgram.Run(context, OwnWords), "anyone",
            "print what makes a shell complete the words of kopis"),
    ];

    /// <summary>Words of kopis itself, with a page <c>kopis-WORD</c> and no link.</summary>
    private static readonly string[] Words =
    [
        "run", "install", "restart", "check-install", "backup", "verify", "restore", "user",
        "domain", "alias", "migrate", "queue", "destinations", "trace", "senders", "status",
        "top", "health", "metrics", "summary", "dkim", "dmarc", "tlsrpt", "srs", "token", "web",
        "certificate", "acme", "config", "doctor",
        "completion",
    ];

    private static (string, string)[] OwnWords =>
        [.. All.Where(entry => Words.Contains(entry.Name))
            .Select(entry => (entry.Name, entry.Summary))];

    /// <summary>What is linked into a bin directory.</summary>
    internal static IReadOnlyList<string> Names =>
        ["kopis", .. All.Select(entry => entry.Name).Where(name => !Words.Contains(name))];

    internal static ProgramEntry? Find(string name) =>
        Array.Find(All, entry => entry.Name == name);
}
