using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local.Spawn;

/// <summary><c>qmail-popspawn</c>: starts qmail-pop3d as the user who has logged in. On an
/// installed host it is root, and reads nothing of the session: it gets a user and one end of a
/// socket pair from qmail-lookup, and passes that end to the user's own qmail-pop3d. Only
/// qmail-start starts it.</summary>
public static class QmailPopspawnProgram
{
    private const int Judge = 3;

    /// <summary>Runs the program until it is stopped.</summary>
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
