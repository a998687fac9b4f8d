using Kopis.Base;
using Kopis.Host.Run;
using Kopis.Net;
using Kopis.Net.Listener;
using Kopis.Posix;
using Kopis.Server.ClientPolicy;
using Kopis.Server.Pop3;
using Kopis.Server.Qmtp;
using Kopis.Server.Smtp;

namespace Kopis;

/// <summary>
/// The chains that tcpserver runs in itself: by the first program's name, what makes the session.
/// A program that may hand its client on makes the rest of the chain by this table again. The table
/// is here because the servers' rooms do not reference one another.
/// </summary>
internal static class ChainTable
{
    private static readonly ChainRow[] All =
    [
        new("qmail-smtpd", QmailSmtpd.CreateHandler),
        new("qmail-qmtpd", QmailQmtpd.CreateHandler),
        new("qmail-qmqpd", QmailQmqpd.CreateHandler),
        new("qmail-popup", QmailPopup.CreateHandler) { WaitsForDisk = true },
        new("rblsmtpd",
            (listener, chain) => Rblsmtpd.CreateHandler(listener, chain, CreateHandler)),
    ];

    /// <summary>tcpserver with these chains. Its sessions run on the threads that watch the sockets
    /// unless the command line names a program that waits for a disk.</summary>
    internal static int Listen(ProgramContext context)
    {
        bool isInline = !context.Arguments.Any(word => Array.Exists(
            All, row => row.WaitsForDisk && row.Name == Path.GetFileName(ByteText.ToText(word))));
        if (isInline)
        {
            SocketThreads.ServeInline(); // It has no effect once there is a socket.
        }

        try
        {
            return TcpServer.Run(context, CreateHandler, isInline, AsWhom);
        }
        catch (ConfigurationException e)
        {
            throw TcpServerErrors.Of(context, e);
        }
    }

    // Root reads no mailbox itself.
    private static ProcessIdentity? AsWhom(
        ProgramContext context, IReadOnlyList<byte[]> chain) =>
        FirstOf(context, ref chain) is "qmail-popup" or "rblsmtpd"
        && QmailPopup.EndsChain(context.Environment, chain) ? Pop3Root.Prepare(context) : null;

    /// <summary>Makes the handler of a chain; null if its first word is not in the table.</summary>
    internal static ISessionHandler? CreateHandler(
        ProgramContext listener, IReadOnlyList<byte[]> chain)
    {
        string? name = FirstOf(listener, ref chain);
        return Array.Find(All, row => row.Name == name)?.Make(listener, chain);
    }

    // Which of our programs is first; null if none is.
    private static string? FirstOf(ProgramContext listener, ref IReadOnlyList<byte[]> chain)
    {
        string? name = OwnProgram.NameOf(listener.Environment, chain[0]);
        if (name is not null && chain.Count > 1 && ProgramTable.Find(name) is null)
        {
            // kopis PROGRAM …: the binary by a name of its own.
            name = ByteText.ToText(chain[1]);
            chain = [.. chain.Skip(1)];
        }

        return name;
    }

    /// <param name="Name">The chain's first program.</param>
    /// <param name="Make">Makes the handler.</param>
    private sealed record ChainRow(string Name, ChainFactory Make)
    {
        /// <summary>Whether a session waits for a disk or a long computation.</summary>
        internal bool WaitsForDisk { get; init; }
    }
}
