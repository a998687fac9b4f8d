using Kopis.Base;

namespace Kopis.Users.Recipients;

/// <summary>The exit codes by which qmail-lspawn's lookup, and a program in qmail-getpw's place,
/// report a failure (contract §7.2).</summary>
public static class SpawnCode
{
    public const int Usage = 112;
    public const int Root = 113;
    public const int Unconfirmed = 114; // Not in qmail; the user is not as in /etc/passwd.
    public const int Nfs = 115;
    public const int NoAlias = 116;
    public const int Cdb = 117;
    public const int System = 118;
    public const int OutOfMemory = 119;
    public const int CannotRunNow = 120;
    public const int CannotRunGetpw = 121;
    public const int CannotRunEver = 126;

    /// <summary>Whether a delivery with this code would bounce: one of our codes that means so, or
    /// any code of a program in qmail-getpw's place that is not one of qmail-local's temporary
    /// codes.</summary>
    public static bool IsLasting(int code) =>
        Describe(code) is { } report
            ? report.Verdict == Verdict.Failed
            : code is not (0 or 71 or 74 or 75 or ExitCode.Temporary);

    /// <summary>The report for a code; null if it is not one of ours.</summary>
    public static Outcome? Describe(int code) => code switch
    {
        Usage => Outcome.Retry("Internal qmail-lspawn bug.\n"),
        Root => Outcome.Retry("Not allowed to perform deliveries as root.\n"),
        Unconfirmed => Outcome.Retry("The user is not as in /etc/passwd. (#4.3.0)\n"),
        Nfs => Outcome.Retry("NFS failure in qmail-local.\n"),
        NoAlias => Outcome.Retry("Unable to find alias user!\n"),
        Cdb => Outcome.Retry("Trouble reading users/cdb in qmail-lspawn.\n"),
        System => Outcome.Retry("Temporary failure in qmail-lspawn.\n"),
        OutOfMemory => Outcome.Retry("Out of memory in qmail-lspawn.\n"),
        CannotRunNow => Outcome.Retry("Unable to run qmail-local.\n"),
        CannotRunGetpw => Outcome.Retry("Unable to run qmail-getpw.\n"),
        CannotRunEver => Outcome.Failed("Unable to run qmail-local.\n"),
        _ => null,
    };
}
