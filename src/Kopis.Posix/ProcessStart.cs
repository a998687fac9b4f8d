using System.Runtime.ExceptionServices;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Starts a child with exactly the descriptors, environment and identity that are given.
/// </summary>
public sealed unsafe record ProcessStart
{
    private const string OwnBinary = "/proc/self/exe"; // Whatever lies in bin by now.
    private const int SizeOfOpaque = 512; // Over glibc's posix_spawnattr_t (336) and sigset_t.
    private const short SetPgroup = 0x02;
    private const short SetSignalDefault = 0x04;
    private const short SetSignalMask = 0x08;

    /// <summary>The file to run, without a search along PATH.</summary>
    public required string Path { get; init; }

    /// <summary>All arguments, beginning with the name.</summary>
    public required IReadOnlyList<byte[]> Arguments { get; init; }

    /// <summary>The child's whole environment.</summary>
    public required ByteEnvironment Environment { get; init; }

    /// <summary>Maps the child's descriptor numbers to ours. Other descriptors are close-on-exec
    /// and not passed on.</summary>
    public IReadOnlyDictionary<int, int> Descriptors { get; init; } = new Dictionary<int, int>();

    /// <summary>The child's working directory; null keeps ours.</summary>
    public string? Directory { get; init; }

    /// <summary>Like <see cref="Directory"/>, for a name that may not be text; it takes precedence.
    /// </summary>
    public byte[]? DirectoryBytes { get; init; }

    /// <summary>Whether the child leads a process group of its own, which can be ended as a whole.
    /// A child with an <see cref="Identity"/> always does, in a session of its own.</summary>
    public bool OwnGroup { get; init; }

    /// <summary>The child's identity; null keeps ours. This needs root. With an identity the child
    /// gets only the descriptors given, and exits with 111 if the program cannot be run: we do not
    /// wait for a process that another user may stop.</summary>
    public ProcessIdentity? Identity { get; init; }

    /// <summary>How the child is restricted further than its user; null for not at all.</summary>
    public Confinement? Confinement { get; init; }

    /// <summary>Whether it is another binary of ours, in the same directory as this one.</summary>
    public bool IsSibling { get; init; }

    /// <summary>Whether it is one of our own programs.</summary>
    public bool IsOwn => Path == OwnBinary || IsSibling;

    /// <summary>One of our own programs: this very binary, with our home, in the root directory.
    /// </summary>
    public static ProcessStart Own(
        ProgramContext context, string name, params byte[][] arguments) =>
        new()
        {
            Path = OwnBinary,
            Arguments = [ByteText.ToBytes(name), .. arguments],
            Environment = new ByteEnvironment(context.Environment)
            {
                ["KOPIS_HOME"] = Fd.PathBytes(context.Home)[..^1],

                // The runtime's library for certificates needs a home directory, and a user that is
                // not in /etc/passwd, as in a container, has none.
                ["HOME"] = context.Environment["HOME"] ?? Fd.PathBytes(context.Home)[..^1],
            },
            Directory = "/",
        };

    /// <summary>Passes descriptors of ours as the child's 0, 1, 2 and so on.</summary>
    public static IReadOnlyDictionary<int, int> InOrder(params ReadOnlySpan<int> ours)
    {
        Dictionary<int, int> descriptors = [];
        foreach (int fd in ours)
        {
            descriptors.Add(descriptors.Count, fd);
        }

        return descriptors;
    }

    /// <summary>Starts the child.</summary>
    /// <returns>Its process id; the caller must wait for the child.</returns>
    /// <exception cref="PosixException">It cannot be started: the file is not found or may not be
    /// run.</exception>
    public int Start() =>
        Confinement is not null ? OnOwnThread(SpawnConfined) : Spawn();

    /// <summary>Turns this process into the program, with its identity, if one is given, and in its
    /// directory. Descriptors and confinement stay as they are.</summary>
    /// <exception cref="PosixException">The program cannot be run.</exception>
    /// <exception cref="ConfigurationException">The kernel refuses the identity.</exception>
    public void Exec()
    {
        Identity?.Exec(this);
        if (Directory is { } directory)
        {
            Paths.ChangeDirectory(directory);
        }

        Processes.Exec(Path, Arguments, Environment);
    }

    // The thread that spawns is restricted first; it ends afterwards.
    private int SpawnConfined()
    {
        Confinement?.Apply();
        return Spawn();
    }

    private int Spawn() => Identity is { } identity ? Fork(identity) : SpawnAsWeAre();

    private static int OnOwnThread(Func<int> action)
    {
        int result = -1;
        Exception? error = null;
        Thread thread = new(() =>
        {
            try
            {
                result = action();
            }
            catch (Exception e)
            {
                error = e;
            }
        });
        thread.Start();
        thread.Join();
        if (error is not null)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return result;
    }

    private int Fork(ProcessIdentity identity)
    {
        RequireProgram();
        if (identity.MayReadAll)
        {
            Capabilities.RequireReadSearch();
        }

        using ChildPlan plan = new(this, identity, DirectoryPath());
        return ForkedChild.Start(plan);
    }

    /// <summary>Reports here a failure that the child could not report.</summary>
    private void RequireProgram()
    {
        const int anyoneRuns = 0x49; // 0111
        if (IsOwn)
        {
            return;
        }

        FileStatus? file = Fd.TryStatus(Fd.PathBytes(Path), out int errno);
        if (file is not { IsRegular: true } || (file.Value.Permissions & anyoneRuns) == 0)
        {
            throw new PosixException($"run {Path}", file is null ? errno : Errno.Access);
        }
    }

    private int SpawnAsWeAre()
    {
        void* actions = stackalloc byte[SizeOfOpaque];
        void* attributes = stackalloc byte[SizeOfOpaque];
        Require(Native.posix_spawn_file_actions_init(actions));
        Require(Native.posix_spawnattr_init(attributes));
        try
        {
            AddDescriptors(actions);
            SetAttributes(attributes);
            AddDirectory(actions);
            using NativeStrings argv = new(Arguments);
            using NativeStrings envp = new(Environment.ToBlock());
            int pid;
            int errno;
            fixed (byte* path = Fd.PathBytes(Path))
            {
                errno = Native.posix_spawn(
                    &pid, path, actions, attributes, argv.Pointer, envp.Pointer);
            }

            return errno == 0 ? pid : throw new PosixException($"run {Path}", errno);
        }
        finally
        {
            _ = Native.posix_spawn_file_actions_destroy(actions);
            _ = Native.posix_spawnattr_destroy(attributes);
        }
    }

    private void AddDirectory(void* actions)
    {
        if (DirectoryPath() is { } path)
        {
            fixed (byte* directory = path)
            {
                Require(Native.posix_spawn_file_actions_addchdir_np(actions, directory));
            }
        }
    }

    private byte[]? DirectoryPath()
    {
        byte[]? path = DirectoryBytes is { } bytes ? [.. bytes, 0]
            : Directory is { } text ? Fd.PathBytes(text)
            : null;
        Fd.RequireTerminated(path ?? [0]);
        return path;
    }

    private void AddDescriptors(void* actions)
    {
        // A descriptor whose number is the target of another is moved to a free number first, so
        // that it is not overwritten. One that has its number already loses close-on-exec here.
        int free = Descriptors.Keys.DefaultIfEmpty().Max() + 1;
        List<(int From, int To)> moves = [];
        List<int> parked = [];
        foreach ((int target, int source) in Descriptors)
        {
            int from = source;
            if (source != target && Descriptors.ContainsKey(source))
            {
                from = free = NextFree(free);
                parked.Add(free++);
                Require(Native.posix_spawn_file_actions_adddup2(actions, source, from));
            }

            moves.Add((from, target));
        }

        foreach ((int from, int to) in moves)
        {
            Require(Native.posix_spawn_file_actions_adddup2(actions, from, to));
        }

        foreach (int number in parked)
        {
            Require(Native.posix_spawn_file_actions_addclose(actions, number));
        }
    }

    // The child inherits the descriptors that we inherited.
    private static int NextFree(int number)
    {
        while (Fd.IsOpen(number))
        {
            number++;
        }

        return number;
    }

    private void SetAttributes(void* attributes)
    {
        void* set = stackalloc byte[SizeOfOpaque];
        Require(Native.sigemptyset(set));
        Require(Native.posix_spawnattr_setsigmask(attributes, set));
        for (int signal = 1; signal <= 31; signal++)
        {
            Require(Native.sigaddset(set, signal));
        }

        Require(Native.posix_spawnattr_setsigdefault(attributes, set));
        short flags = SetSignalDefault | SetSignalMask;
        if (OwnGroup)
        {
            Require(Native.posix_spawnattr_setpgroup(attributes, 0));
            flags |= SetPgroup;
        }

        Require(Native.posix_spawnattr_setflags(attributes, flags));
    }

    private static void Require(int errno)
    {
        if (errno != 0)
        {
            throw new PosixException("prepare a child", errno);
        }
    }
}
