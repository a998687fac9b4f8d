using Kopis.Base;
using Kopis.Net;
using Kopis.Posix;

namespace Kopis.Server.Pop3;

/// <summary>qmail-pop3d MAILDIR: serves one user's mail by POP3 (contract §10.3), or is the warm
/// process that root grants sessions to (<c>--serve</c>).</summary>
public static class QmailPop3d
{
    private const int ExitRoot = 1;
    private const int Grants = 0;
    private const int OwnerOnly = 0x3F; // umask 077.

    /// <summary>Runs the program: one session on descriptors 0 and 1, relative to the working
    /// directory.</summary>
    public static int Run(ProgramContext context)
    {
        if (Processes.Uid == 0)
        {
            Fd.WriteAll(2, "qmail-pop3d invoked as uid 0, terminating\n"u8);
            return ExitRoot;
        }

        if (context.Arguments.Count == 1 && context.ArgumentText(0) == "--serve")
        {
            Processes.SetFileModeMask(OwnerOnly);
            new ReaderServer().Run(Grants);
            return ExitCode.Success;
        }

        byte[] maildir = context.Arguments.Count > 0 ? [.. context.Arguments[0], 0] : [0];
        ServeAsync(maildir, context.Environment).GetAwaiter().GetResult();
        return ExitCode.Success;
    }

    private static async Task ServeAsync(byte[] maildir, ByteEnvironment environment)
    {
        await using Connection connection =
            Connection.OverDescriptors(0, 1, environment, TimeProvider.System);
        await MailConversation.RunAsync(
            connection, maildir, environment[MailConversation.CodesVariable] is not null,
            TimeProvider.System, CancellationToken.None);
    }
}
