using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>The meaning of the exit code of a .qmail program (contract §7.7).</summary>
public static class ProgramExit
{
    /// <summary>Success, and the following lines are skipped for this message.</summary>
    public const int SkipRest = 99;

    /// <summary>Null means success. A program that fails prints the reason itself.</summary>
    public static LocalFailure? Judge(WaitStatus status)
    {
        if (status.Crashed)
        {
            return LocalFailure.Temporary("Aack, child crashed. (#4.3.0)");
        }

        return status.ExitCode switch
        {
            0 or SkipRest => null,
            // 64, 65, 70, 76, 77 and 78 are the lasting failures of sysexits(3); 112 is qmail's
            // own.
            ExitCode.Permanent or 64 or 65 or 70 or 76 or 77 or 78 or 112 =>
                new LocalFailure(ExitCode.Permanent, []),
            _ => new LocalFailure(ExitCode.Temporary, []),
        };
    }
}
