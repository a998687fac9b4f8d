using Kopis.Base;

namespace Kopis.Local;

/// <summary>
/// Exit codes by which qmail-lspawn's look-up, and a program in qmail-getpw's place, tell what went
/// wrong (contract §7.2).
/// </summary>
internal static class SpawnCode
{
    internal const int Usage = 112;
    internal const int Root = 113;
    internal const int Nfs = 115;
    internal const int NoAlias = 116;
    internal const int Cdb = 117;
    internal const int System = 118;
    internal const int OutOfMemory = 119;
    internal const int CannotRunNow = 120;
    internal const int CannotRunGetpw = 121;
    internal const int CannotRunEver = 126;

    /// <summary>The report for a code; null where it is none of these.</summary>
    internal static Outcome? Describe(int code) => code switch
    {
        Usage => Outcome.Retry("Internal qmail-lspawn bug.\n"),
        Root => Outcome.Retry("Not allowed to perform deliveries as root.\n"),
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
