using Kopis.Base;
using Kopis.Net;
using Kopis.Posix;

namespace Kopis.Read;

/// <summary>qmail-pop3d MAILDIR: gives one user's mail out by POP3 (contract §10.3).</summary>
public static class QmailPop3d
{
    private const int ExitRoot = 1;

    /// <summary>The program: one session on descriptors 0 and 1, below the working directory.
    /// </summary>
    public static int Run(ProgramContext context)
    {
        if (Processes.Uid == 0)
        {
            Fd.WriteAll(2, "qmail-pop3d invoked as uid 0, terminating\n"u8);
            return ExitRoot;
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
