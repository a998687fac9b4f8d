using Kopis.Base;
using Kopis.Posix;
using Kopis.Users;

namespace Kopis.Local;

/// <summary><c>qmail-getpw LOCAL</c>: finds the user that an address belongs to; six fields on
/// standard output (contract §7.3).</summary>
public static class QmailGetpwProgram
{
    private const int StandardOutput = 1;

    /// <summary>Runs it.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count == 0)
        {
            return ExitCode.Permanent;
        }

        LookupResult result = new PasswordLookup(UnixUsers.ByName).Find(context.Arguments[0]);
        if (result.User is not { } user)
        {
            return result.Code;
        }

        Fd.WriteAll(StandardOutput, user.ToFields());
        return ExitCode.Success;
    }
}
