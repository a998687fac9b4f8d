namespace Kopis.Posix;

/// <summary>Restricts a child further than its user: it gains no rights from setuid files, changes
/// only the files named, runs no other program, and makes no system call that mail does not need.
/// The kernel enforces this (prctl(2), landlock(7), seccomp(2)); where it cannot, the child has its
/// user's rights.</summary>
/// <param name="Writable">Directories and files below which it may write, create and remove; null
/// for wherever its user may.</param>
/// <param name="MayRunPrograms">Whether it may run programs other than our own binary. This has an
/// effect only if <paramref name="Writable"/> is given.</param>
/// <remarks>Restrictions hold for a thread and for what it starts, so the thread that spawns is
/// restricted: the child has them from its first instruction, in all threads of its runtime.
/// Descriptors that it inherits keep their rights.</remarks>
public sealed record Confinement(IReadOnlyList<string>? Writable, bool MayRunPrograms)
{
    /// <summary>Whether it is denied the capabilities that we pass on.</summary>
    public bool NoCapabilities { get; init; }

    /// <summary>A directory where it may create its socket; null for none.</summary>
    public string? SocketsIn { get; init; }

    /// <summary>Whether it may connect to other hosts; otherwise it may use only sockets in files.
    /// </summary>
    public bool HasNetwork { get; init; } = true;

    /// <summary>No rights from setuid files and no unusual system calls; no other restriction.
    /// </summary>
    public static Confinement NoNewRights { get; } = new(null, true);

    // Files that the runtime and the C library write, without harm to anyone.
    private static readonly string[] AlwaysWritable = ["/dev/null"];

    // Files that the kernel itself opens to run our binary: the binary and its interpreter.
    private static readonly string[] Runnable =
        ["/proc/self/exe", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

    /// <summary>Whether the kernel can restrict a child to its directories.</summary>
    public static bool CanConfineFiles => Landlock.Version >= Landlock.VersionLeast;

    /// <summary>Whether the kernel can refuse system calls.</summary>
    public static bool CanFilterCalls => SystemCallNumbers.Ours is not null
        && File.Exists("/proc/sys/kernel/seccomp/actions_avail");

    /// <summary>For a process that starts no programs: none of its threads can run a program any
    /// more, not even our own binary, which had to be permitted for its start.</summary>
    public static void RefusePrograms()
    {
        RefuseNewRights();
        SystemCallFilter.RefusePrograms();
    }

    /// <summary>Restricts the calling thread and all that it starts, permanently.</summary>
    /// <exception cref="PosixException">The kernel supports it, but refuses.</exception>
    internal void Apply()
    {
        if (NoCapabilities)
        {
            Capabilities.KeepFromChildren();
        }

        RefuseNewRights();
        if (Writable is { } writable && CanConfineFiles)
        {
            using Landlock rules = new(mayRunPrograms: MayRunPrograms);
            foreach (string path in (string[])[.. writable, .. AlwaysWritable])
            {
                rules.AllowWrite(path);
            }

            if (SocketsIn is { } directory)
            {
                rules.AllowSockets(directory);
            }

            foreach (string path in MayRunPrograms ? [] : Runnable)
            {
                rules.AllowRun(path);
            }

            rules.Apply();
        }

        SystemCallFilter.Apply(HasNetwork);
    }

    private static void RefuseNewRights()
    {
        const int setNoNewPrivs = 38;
        Fd.Check(Native.prctl(setNoNewPrivs, 1, 0, 0, 0), "prctl");
    }
}
