namespace Kopis.Posix;

/// <summary>
/// What a child may do less than its user: it gains no rights from setuid files, changes no file
/// but those named, runs no other program, and makes no system call that mail has no use for. The
/// kernel keeps it (prctl(2), landlock(7), seccomp(2)); where it cannot, the child has its user's
/// rights and no more.
/// </summary>
/// <param name="Writable">Directories and files below which it may write, make and remove; null:
/// wherever its user may.</param>
/// <param name="MayRunPrograms">Whether it may run programs other than our own binary; counts only
/// where <paramref name="Writable"/> is given.</param>
/// <remarks>Both hold for a thread and what that starts, so they are put upon the thread that
/// spawns: the whole child has them from its first instruction, all threads of its runtime too.
/// Descriptors that it is given stay as they were opened.</remarks>
public sealed record Confinement(IReadOnlyList<string>? Writable, bool MayRunPrograms)
{
    /// <summary>Whether it is denied the capabilities that we hand down.</summary>
    public bool NoCapabilities { get; init; }

    /// <summary>A directory where it may make its socket; null for none.</summary>
    public string? SocketsIn { get; init; }

    /// <summary>Whether it may speak to other hosts, or but over sockets in files.</summary>
    public bool HasNetwork { get; init; } = true;

    /// <summary>No rights from setuid files, no odd system calls; nothing else.</summary>
    public static Confinement NoNewRights { get; } = new(null, true);

    // Written by the runtime and the C library without harm to anyone.
    private static readonly string[] AlwaysWritable = ["/dev/null"];

    // What the kernel itself opens to run our binary: that, and its interpreter.
    private static readonly string[] Runnable =
        ["/proc/self/exe", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

    /// <summary>Whether the kernel can bind a child to its directories.</summary>
    public static bool CanConfineFiles => Landlock.Version >= Landlock.VersionLeast;

    /// <summary>Whether the kernel can refuse system calls.</summary>
    public static bool CanFilterCalls => SystemCallNumbers.Ours is not null
        && File.Exists("/proc/sys/kernel/seccomp/actions_avail");

    /// <summary>For a process that never starts one: no thread of it can run a program any more,
    /// not even our own binary, which it had to run to begin with.</summary>
    public static void RefusePrograms()
    {
        RefuseNewRights();
        SystemCallFilter.RefusePrograms();
    }

    /// <summary>Confines the calling thread, for good, and all that it starts.</summary>
    /// <exception cref="PosixException">The kernel could, and refuses.</exception>
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
