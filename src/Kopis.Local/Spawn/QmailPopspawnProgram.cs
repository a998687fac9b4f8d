using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local.Spawn;

/// <summary>
/// <c>qmail-popspawn</c>: starts qmail-pop3d as who has logged in. Root on an installed host, with
/// no part in what is said: it takes a user and one end of a pair of sockets from qmail-lookup, and
/// gives that end to the user's own qmail-pop3d. Only qmail-start starts it.
/// </summary>
public static class QmailPopspawnProgram
{
    private const int Judge = 3;

    /// <summary>Runs it until it is stopped.</summary>
    public static int Run(ProgramContext context)
    {
        Lifeline.Watch(context);
        if (!Fd.IsInherited(Judge))
        {
            throw new ConfigurationException("only qmail-start starts this program");
        }

        new ReaderLoop(context, Judge).Run();
        return ExitCode.Success;
    }
}
