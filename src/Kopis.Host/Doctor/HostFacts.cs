namespace Kopis.Host.Doctor;

/// <summary>Facts from the host's own files. Null means that a fact could not be found out.
/// </summary>
internal sealed record HostFacts
{
    /// <summary>The value of control/me; empty if there is none.</summary>
    internal string Me { get; init; } = "";

    /// <summary>Lines of control files that are names, each with its file.</summary>
    internal IReadOnlyList<(string File, string Name)> Names { get; init; } = [];

    /// <summary>Names of /etc/hosts that lead to a loopback address.</summary>
    internal IReadOnlyList<string> LoopbackNames { get; init; } = [];

    /// <summary>The output of kopis config check.</summary>
    internal IReadOnlyList<string> ControlProblems { get; init; } = [];

    /// <summary>Lines of control/resolvers that are not addresses.</summary>
    internal IReadOnlyList<string> ResolverFaults { get; init; } = [];

    /// <summary>Whether control/rcpthosts exists.</summary>
    internal bool HasRcptHosts { get; init; }

    /// <summary>Domains in locals that are missing in rcpthosts.</summary>
    internal IReadOnlyList<string> LocalsMissed { get; init; } = [];

    /// <summary>The output of kopis check-install; null if the home is not an installed one.
    /// </summary>
    internal IReadOnlyList<string>? Installation { get; init; }

    /// <summary>Which of postmaster, abuse and mailer-daemon are delivered.</summary>
    internal IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The certificate in control/servercert.pem.</summary>
    internal required CertificateFacts Certificate { get; init; }

    /// <summary>Whether a qmail-send holds the queue; null if the caller may not see that.
    /// </summary>
    internal bool? IsSendRunning { get; init; }

    /// <summary>The age of the oldest message.</summary>
    internal TimeSpan? Oldest { get; init; }

    /// <summary>The number of messages, counted up to a limit.</summary>
    internal int? Messages { get; init; }

    /// <summary>How many bytes can still be written to the queue's disk.</summary>
    internal long? FreeBytes { get; init; }

    /// <summary>How many files can still be created there; null also if there is no limit.
    /// </summary>
    internal long? FreeFiles { get; init; }

    /// <summary>KiB of memory: available, and in total.</summary>
    internal (long Available, long Total)? Memory { get; init; }

    /// <summary>The load average of a minute, divided by the number of processors.</summary>
    internal double? Load { get; init; }

    /// <summary>Whether the clock is synchronised.</summary>
    internal bool? IsClockKept { get; init; }

    /// <summary>How many files a process may open.</summary>
    internal long? Files { get; init; }

    /// <summary>The target of /usr/sbin/sendmail; empty if there is none.</summary>
    internal string Sendmail { get; init; } = "";

    /// <summary>Whether some program listens on port 25.</summary>
    internal bool IsListening { get; init; }

    /// <summary>The program that listens there; null if its process cannot be seen.</summary>
    internal string? Listener { get; init; }

    /// <summary>Faults of the files of DKIM keys.</summary>
    internal IReadOnlyList<string> KeyFaults { get; init; } = [];
}
