namespace Kopis.Host.Doctor;

/// <summary>What the host's own files say. Null is what could not be found out.</summary>
internal sealed record HostFacts
{
    /// <summary>control/me; empty where there is none.</summary>
    internal string Me { get; init; } = "";

    /// <summary>Lines of control files that are names, with the file.</summary>
    internal IReadOnlyList<(string File, string Name)> Names { get; init; } = [];

    /// <summary>Names of /etc/hosts that lead to a loopback address.</summary>
    internal IReadOnlyList<string> LoopbackNames { get; init; } = [];

    /// <summary>What kopis config check prints.</summary>
    internal IReadOnlyList<string> ControlProblems { get; init; } = [];

    /// <summary>Lines of control/resolvers that are none.</summary>
    internal IReadOnlyList<string> ResolverFaults { get; init; } = [];

    /// <summary>Whether control/rcpthosts is there.</summary>
    internal bool HasRcptHosts { get; init; }

    /// <summary>Domains of locals that rcpthosts has not.</summary>
    internal IReadOnlyList<string> LocalsMissed { get; init; } = [];

    /// <summary>What kopis check-install prints; null where the home is not an installed one.
    /// </summary>
    internal IReadOnlyList<string>? Installation { get; init; }

    /// <summary>Of postmaster, abuse and mailer-daemon those that are delivered.</summary>
    internal IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>control/servercert.pem.</summary>
    internal required CertificateFacts Certificate { get; init; }

    /// <summary>Whether a qmail-send holds the queue; null where the caller may not see.</summary>
    internal bool? IsSendRunning { get; init; }

    /// <summary>Age of the oldest message.</summary>
    internal TimeSpan? Oldest { get; init; }

    /// <summary>Messages, counted up to a bound.</summary>
    internal int? Messages { get; init; }

    /// <summary>Bytes that may still be written to the queue's disk.</summary>
    internal long? FreeBytes { get; init; }

    /// <summary>Files that may still be made there; null also where it has no such bound.</summary>
    internal long? FreeFiles { get; init; }

    /// <summary>KiB of memory that can be had, and in all.</summary>
    internal (long Available, long Total)? Memory { get; init; }

    /// <summary>Processes that want to run, over a minute, for each processor.</summary>
    internal double? Load { get; init; }

    /// <summary>Whether the clock is kept right.</summary>
    internal bool? IsClockKept { get; init; }

    /// <summary>How many files a process may open.</summary>
    internal long? Files { get; init; }

    /// <summary>Where /usr/sbin/sendmail leads; empty where there is none.</summary>
    internal string Sendmail { get; init; } = "";

    /// <summary>Whether somebody listens on port 25.</summary>
    internal bool IsListening { get; init; }

    /// <summary>The program that does; null where its process cannot be seen.</summary>
    internal string? Listener { get; init; }

    /// <summary>Faults of the files of DKIM keys.</summary>
    internal IReadOnlyList<string> KeyFaults { get; init; } = [];
}
