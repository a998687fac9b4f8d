using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Local.Spawn;

/// <summary><c>qmail-getpw LOCAL</c>: finds the user of an address and prints six fields (contract
/// §7.3). Our own programs start it with <c>--serve 0</c> and a socket as descriptor 0.</summary>
public static class QmailGetpwProgram
{
    private const int StandardOutput = 1;

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count == 0)
        {
            return ExitCode.Permanent;
        }

        if (context.Arguments.Count == 2 && context.ArgumentText(0) == "--serve")
        {
            new GetpwServer(context).Run();
            Processes.ExitNow(ExitCode.Success); // Some threads may never end.
        }

        LookupResult result = new PasswordLookup(
            UnixUsers.ByName, new AliasesFirst(context.Home).Has).Find(context.Arguments[0]);
        if (result.User is not { } user)
        {
            return result.Code;
        }

        Fd.WriteAll(StandardOutput, user.ToFields());
        return ExitCode.Success;
    }
}
