using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Tickets;

namespace Kopis.Host.Run;

/// <summary>A POP3 listener that root has started by hand: it becomes qmaild like any other, and
/// what it needs of root is another process.</summary>
public static class Pop3Root
{
    /// <summary>Set by <c>kopis run</c>, where root too is the one user of all.</summary>
    public const string OneUserVariable = "KOPIS_SINGLE_USER";

    /// <summary>Sees to it that logins are judged and readers started.</summary>
    /// <returns>Whom the listener is to become; null: nobody, as all is one user.</returns>
    /// <exception cref="PosixException">That fails.</exception>
    public static ProcessIdentity? Prepare(ProgramContext context)
    {
        if (context.Environment[OneUserVariable] is not null
            || UnixUsers.ByName("qmaild") is not { } user)
        {
            return null;
        }

        if (!TicketClient.IsServed(context.Home))
        {
            // It lives as long as somebody holds the other end: us, whoever we become.
            (int read, int write) = Fd.Pipe();
            ProcessStart start = ProcessStart.Own(
                context, "qmail-start", ByteText.ToBytes(QmailStartProgram.Readers));
            start = start with { Descriptors = ProcessStart.InOrder(0, 2, 2) };
            _ = Lifeline.Give(start, read).Start();
            Fd.Close(read);
            Fd.SetCloseOnExec(write, on: false); // For who we become; that child has not got it.
        }

        return ProcessIdentity.Of(user);
    }
}
