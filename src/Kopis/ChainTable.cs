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
/// A program that may hand its client on makes the rest of the chain by this table again. It lies
/// here because Receive, Read and Trust do not know one another.
/// </summary>
internal static class ChainTable
{
    private static readonly (string First, ChainFactory Make)[] All =
    [
        ("qmail-smtpd", QmailSmtpd.CreateHandler),
        ("qmail-qmtpd", QmailQmtpd.CreateHandler),
        ("qmail-qmqpd", QmailQmqpd.CreateHandler),
        ("qmail-popup", QmailPopup.CreateHandler),
        ("rblsmtpd", (listener, chain) => Rblsmtpd.CreateHandler(listener, chain, CreateHandler)),
    ];

    /// <summary>tcpserver with these chains. No session but one that reads a mailbox waits for a
    /// disk or a long computation.</summary>
    internal static int Listen(ProgramContext context)
    {
        bool isInline = !context.Arguments.Any(
            word => Path.GetFileName(ByteText.ToText(word)) == "qmail-popup");
        if (isInline)
        {
            SocketThreads.ServeInline(); // Before there is a socket, or it comes to nothing.
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

    // Root gives mail out to nobody itself.
    private static ProcessIdentity? AsWhom(
        ProgramContext context, IReadOnlyList<byte[]> chain) =>
        FirstOf(context, ref chain) is "qmail-popup" or "rblsmtpd"
        && QmailPopup.EndsChain(context.Environment, chain) ? Pop3Root.Prepare(context) : null;

    /// <summary>Fuses a chain, where its first word is one of our programs that can.</summary>
    internal static ISessionHandler? CreateHandler(
        ProgramContext listener, IReadOnlyList<byte[]> chain)
    {
        string? name = FirstOf(listener, ref chain);
        ChainFactory? make = Array.Find(All, entry => entry.First == name).Make;
        return make?.Invoke(listener, chain);
    }

    // Which of our programs is first; null where none of them is.
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
}
