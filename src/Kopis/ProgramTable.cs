using Kopis.Admin;
using Kopis.Base;
using Kopis.Local;
using Kopis.Net;
using Kopis.Read;
using Kopis.Receive;
using Kopis.Remote;
using Kopis.Send;
using Kopis.Start;
using Kopis.Trust;
using Kopis.Users;

namespace Kopis;

/// <summary>Every program of the binary: the one list that links, help and pages follow.</summary>
internal static class ProgramTable
{
    internal static readonly ProgramEntry[] All =
    [
        // Rows in the order of a message's way.
        new("tcpserver", context => TcpServer.Run(context, ChainTable.Fuse), "root, then qmaild",
            "accept TCP connections and run a chain of programs for each"),
        new("tcprules", TcpRulesProgram.Run, "root",
            "compile rules for tcpserver"),
        new("tcprulescheck", TcpRulesProgram.Check, "anyone",
            "tell what rules do with a client"),
        new("rblsmtpd", Rblsmtpd.Run, "qmaild",
            "keep clients out that are on lists in DNS"),
        new("tcpclient", TcpClientProgram.Run, "anyone",
            "connect, and run a program with the connection"),
        new("addcr", LineEnds.AddCr, "anyone", "put CR before each LF"),
        new("delcr", LineEnds.DelCr, "anyone", "take CR before each LF away"),
        new("tai64n", TimeStamps.Tai64N, "anyone", "put the time before each line"),
        new("tai64nlocal", TimeStamps.Tai64NLocal, "anyone", "show such times as local time"),
        new("argv0", Argv0.Run, "anyone", "run a program under another name"),
        new("mconnect", TcpTalk.Mconnect, "anyone", "type to an SMTP server"),
        new("tcpcat", TcpTalk.Tcpcat, "anyone", "print what a server says"),
        new("who@", TcpTalk.Who, "anyone", "ask a host who is there"),
        new("date@", TcpTalk.Date, "anyone", "ask a host for its time"),
        new("finger@", TcpTalk.Finger, "anyone", "ask a host about a user"),
        new("http@", TcpTalk.Http, "anyone", "fetch a page"),
        new("qmail-smtpd", QmailSmtpd.Run, "qmaild",
            "receive mail by SMTP"),
        new("qmail-qmtpd", QmailQmtpd.Run, "qmaild",
            "receive mail by QMTP"),
        new("qmail-qmqpd", QmailQmqpd.Run, "qmaild",
            "queue what other hosts hand over by QMQP"),
        new("qmail-newmrh", QmailNewmrh.Run, "root",
            "prepare morercpthosts for qmail-smtpd"),
        new("qmail-inject", QmailInject.Run, "anyone",
            "make a message fit to send, and queue it"),
        new("sendmail", Sendmail.Run, "anyone",
            "qmail-inject by the words of sendmail"),
        new("mailq", Sendmail.Run, "anyone",
            "sendmail -bp"),
        new("newaliases", AliasPrograms.NewAliases, "root",
            "compile /etc/aliases for fastforward"),
        new("qmail-queue", QmailQueueProgram.Run, "anyone; --serve: qmailq", "queue a message"),
        new("qmail-qmqpc", QmailQmqpc.Run, "anyone",
            "queue a message on another host by QMQP"),
        new("qmail-start", QmailStartProgram.Run, "root",
            "start delivery and keep it running"),
        new("qmail-send", QmailSendProgram.Run, "qmails",
            "schedule, retry and bounce"),
        new("qmail-clean", QmailCleanProgram.Run, "qmailq",
            "remove what is finished from the queue"),
        new("qmail-lspawn", QmailLspawnProgram.Run, "root",
            "find local users and hand deliveries to them"),
        new("qmail-local", QmailLocalProgram.Run, "the user",
            "deliver to one user by his .qmail file"),
        new("qmail-getpw", QmailGetpwProgram.Run, "qmailp",
            "find the user of the host that an address belongs to"),
        new("qmail-lookup", QmailLookupProgram.Run, "root",
            "tell listeners whether an address exists and a password is right"),
        new("qmail-newu", QmailNewuProgram.Run, "root",
            "compile users/assign"),
        new("maildirmake", MaildirmakeProgram.Run, "anyone",
            "make an empty Maildir"),
        new("forward", DotQmailTools.Forward, "the user",
            "forward a message, from a .qmail line"),
        new("condredirect", DotQmailTools.Condredirect, "the user",
            "forward a message if a command says so"),
        new("bouncesaying", DotQmailTools.Bouncesaying, "the user",
            "bounce a message with a text, if a command says so"),
        new("except", DotQmailTools.Except, "the user",
            "turn a command's yes into a bounce"),
        new("preline", DotQmailTools.Preline, "the user",
            "feed a message with its delivery lines to a command"),
        new("dot-forward", DotForward.Run, "the user",
            "forward as a .forward file says"),
        new("fastforward", FastForward.Run, "alias",
            "forward by a database of addresses"),
        new("setforward", AliasPrograms.SetForward, "anyone",
            "make a database for fastforward"),
        new("printforward", AliasPrograms.PrintForward, "anyone",
            "show a database of fastforward"),
        new("newinclude", AliasPrograms.NewInclude, "anyone",
            "compile an :include: file for fastforward"),
        new("setmaillist", AliasPrograms.SetMailList, "anyone",
            "make a mailing list for fastforward"),
        new("printmaillist", AliasPrograms.PrintMailList, "anyone",
            "show a mailing list of fastforward"),
        new("predate", MailingTools.Predate, "anyone",
            "put a Date line before what a command reads"),
        new("datemail", MailingTools.Datemail, "anyone",
            "sendmail with a Date line of the local time"),
        new("mailsubj", MailingTools.Mailsubj, "anyone",
            "send a message with a subject"),
        new("maildir2mbox", Maildir2mbox.Run, "the user",
            "move mail from a Maildir to an mbox file"),
        new("elq", context => Maildir2mbox.ThenRead(context, "elm"), "the user",
            "maildir2mbox, then elm"),
        new("pinq", context => Maildir2mbox.ThenRead(context, "pine"), "the user",
            "maildir2mbox, then pine"),
        new("qail", context => Maildir2mbox.ThenRead(context, "Mail"), "the user",
            "maildir2mbox, then Mail"),
        new("splogger", Splogger.Run, "qmaill",
            "send lines to syslog"),
        new("qmail-rspawn", QmailRspawnProgram.Run, "qmailr",
            "send to other hosts as qmail-send orders"),
        new("qmail-remote", QmailRemoteProgram.Run, "qmailr",
            "send one message to one host by SMTP"),
        new("qmail-popup", QmailPopup.Run, "root",
            "greet a POP3 client and take its name and password"),
        new("checkpassword", Checkpassword.Run, "root",
            "check a password and run a program as its user"),
        new("qmail-pop3d", QmailPop3d.Run, "the user",
            "give a user's mail out by POP3"),
        new("qmail-qread", QmailQreadProgram.Run, "root",
            "list the messages of the queue and their recipients"),
        new("qmail-qstat", QmailQstatProgram.Run, "root",
            "count the messages of the queue"),
        new("qmail-tcpto", QmailTcptoProgram.Run, "anyone",
            "list the hosts that lately did not answer"),
        new("qmail-tcpok", QmailTcptoProgram.RunOk, "root",
            "forget which hosts did not answer"),
        new("qmail-showctl", QmailShowctlProgram.Run, "anyone",
            "tell what the control files mean"),
        new("run", context => RunProgram.Run(context, Names, ControlChecks.All), "anyone",
            "run a whole mail host in the foreground"),
        new("user", UserProgram.Run, "root, or the home's owner",
            "add, list and remove virtual users"),
        new("certificate", CertificateProgram.Run, "root, or the home's owner",
            "make a certificate to begin with"),
    ];

    // Words of kopis itself.
    private static readonly string[] Words = ["run", "user", "certificate"];

    /// <summary>What is linked into a bin directory.</summary>
    internal static IReadOnlyList<string> Names =>
        ["kopis", .. All.Select(entry => entry.Name).Except(Words)];

    internal static ProgramEntry? Find(string name) =>
        Array.Find(All, entry => entry.Name == name);
}
