using Kopis.Base;
using Kopis.Net;
using Kopis.Receive;

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
        new("qmail-smtpd", QmailSmtpd.Run, "qmaild",
            "receive mail by SMTP"),
        new("qmail-newmrh", QmailNewmrh.Run, "root",
            "prepare morercpthosts for qmail-smtpd"),
        new("qmail-queue", QmailQueueProgram.Run, "anyone", "queue a message"),
    ];

    internal static ProgramEntry? Find(string name) =>
        Array.Find(All, entry => entry.Name == name);
}
