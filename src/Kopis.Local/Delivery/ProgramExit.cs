using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>What the exit code of a .qmail program means (contract §7.7).</summary>
public static class ProgramExit
{
    /// <summary>Success, and the lines that follow are not for this message.</summary>
    public const int SkipRest = 99;

    /// <summary>Null is success. A failing program has said itself why.</summary>
    public static LocalFailure? Judge(WaitStatus status)
    {
        if (status.Crashed)
        {
            return LocalFailure.Temporary("Aack, child crashed. (#4.3.0)");
        }

        return status.ExitCode switch
        {
            0 or SkipRest => null,
            // 64, 65, 70, 76, 77, 78 are sysexits(3)'s lasting ones; 112 is qmail's own.
            ExitCode.Permanent or 64 or 65 or 70 or 76 or 77 or 78 or 112 =>
                new LocalFailure(ExitCode.Permanent, []),
            _ => new LocalFailure(ExitCode.Temporary, []),
        };
    }
}
