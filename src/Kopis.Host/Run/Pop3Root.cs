using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Tickets;

namespace Kopis.Host.Run;

/// <summary>A POP3 listener that root has started by hand. It becomes qmaild like any other
/// listener; another process does what needs root.</summary>
public static class Pop3Root
{
    /// <summary>Set by <c>kopis run</c> in single-user mode, in which that user may be root.
    /// </summary>
    public const string OneUserVariable = "KOPIS_SINGLE_USER";

    /// <summary>Makes sure that logins can be checked and readers started.</summary>
    /// <returns>The user that the listener is to become; null in single-user mode.</returns>
    /// <exception cref="PosixException">The processes for this cannot be started.</exception>
    public static ProcessIdentity? Prepare(ProgramContext context)
    {
        if (context.Environment[OneUserVariable] is not null
            || UnixUsers.ByName("qmaild") is not { } user)
        {
            return null;
        }

        if (!TicketClient.IsServed(context.Home))
        {
            // The child lives as long as somebody holds the other end of the pipe: this process,
            // even after it has changed its user.
            (int read, int write) = Fd.Pipe();
            ProcessStart start = ProcessStart.Own(
                context, "qmail-start", ByteText.ToBytes(QmailStartProgram.Readers));
            start = start with { Descriptors = ProcessStart.InOrder(0, 2, 2) };
            _ = Lifeline.Give(start, read).Start();
            Fd.Close(read);
            Fd.SetCloseOnExec(write, on: false); // Our successor inherits it.
        }

        return ProcessIdentity.Of(user);
    }
}
