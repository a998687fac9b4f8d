using System.Globalization;
using System.Runtime.InteropServices;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>This process and its children.</summary>
public static unsafe class Processes
{
    private const int SignalPipe = 13;
    private const nuint AuxExecFileName = 31;
    private const int StatusBytesMax = 64 * 1024;

    /// <summary>The id of this process.</summary>
    public static int Id => Native.getpid();

    /// <summary>The user who runs this process.</summary>
    public static uint Uid => Native.getuid();

    /// <summary>The effective user.</summary>
    public static uint EffectiveUid => Native.geteuid();

    /// <summary>The group.</summary>
    public static uint Gid => Native.getgid();

    /// <summary>The path by which this program was started, without following links.</summary>
    public static string? ExecutedPath =>
        Marshal.PtrToStringUTF8((nint)Native.getauxval(AuxExecFileName));

    /// <summary>Sets the name that ps, pidof and killall show, whatever path the program was
    /// started by.</summary>
    /// <param name="name">The name; 15 bytes of it are kept.</param>
    public static void SetName(string name)
    {
        const int setName = 15; // PR_SET_NAME
        fixed (byte* bytes = ByteText.ToBytes($"{name}\0"))
        {
            _ = Native.prctl(setName, (nuint)bytes, 0, 0, 0);
        }
    }

    /// <summary>Sets the permission bits that new files do not get. Returns the old mask.</summary>
    public static int SetFileModeMask(int mask) => (int)Native.umask((uint)mask);

    /// <summary>Ignores a signal from now on.</summary>
    public static void IgnoreSignal(int number)
    {
        const nint ignore = 1;
        Native.signal(number, ignore);
    }

    /// <summary>Restores the default action of a signal.</summary>
    public static void ResetSignal(int number) => Native.signal(number, 0);

    /// <summary>Sends a signal. False if there is no such process.</summary>
    public static bool Signal(int pid, int number)
    {
        if (Native.kill(pid, number) == 0)
        {
            return true;
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.NoProcess ? false : throw new PosixException($"kill {pid}", errno);
    }

    /// <summary>Whether a process handles a signal itself by now (SigCgt in proc(5)); otherwise the
    /// signal may end it.</summary>
    public static bool Catches(int pid, int signal)
    {
        const string caught = "SigCgt:\t"; // A mask, in hexadecimal.
        string? line = BoundedFile.TryRead($"/proc/{pid}/status", StatusBytesMax, out _) is { } text
            ? ByteText.ToText(text).Split('\n').FirstOrDefault(
                line => line.StartsWith(caught, StringComparison.Ordinal))
            : null;
        return line is not null
            && ulong.TryParse(
                line.AsSpan(caught.Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture,
                out ulong mask)
            && (mask >> (signal - 1) & 1) != 0;
    }

    /// <summary>Waits for a child that this process started.</summary>
    public static WaitStatus Wait(int pid)
    {
        int status;
        while (Native.waitpid(pid, &status, 0) < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.Interrupted)
            {
                throw new PosixException($"wait for {pid}", errno);
            }
        }

        return new WaitStatus(status);
    }

    /// <summary>The status of a child that has ended; null while it runs.</summary>
    public static WaitStatus? TryWait(int pid)
    {
        const int noHang = 1;
        int status;
        int got = Native.waitpid(pid, &status, noHang);
        return got switch
        {
            0 => null,
            > 0 => new WaitStatus(status),
            _ => throw new PosixException($"wait for {pid}", Marshal.GetLastPInvokeError()),
        };
    }

    /// <summary>Takes the status of any child that has ended, and returns its process id; null if
    /// there is none.</summary>
    public static int? TryWaitAny()
    {
        const int noHang = 1;
        int status;
        return Native.waitpid(-1, &status, noHang) is > 0 and int pid ? pid : null;
    }

    /// <summary>A descriptor that becomes readable when the child ends, for <see cref="Poller"/>.
    /// The caller must still wait for the child.</summary>
    public static int OpenDescriptor(int pid)
    {
        const int pidfdOpen = 434; // The same number on every architecture since Linux 5.3.
        nint fd = Native.syscall(pidfdOpen, pid, 0, 0);
        return fd >= 0
            ? (int)fd
            : throw new PosixException($"pidfd_open {pid}", Marshal.GetLastPInvokeError());
    }

    /// <summary>The number of the calling thread (gettid(2)).</summary>
    internal static int ThreadId() => Native.gettid();

    /// <summary>Whether a process, or one of its threads, is stopped, as by SIGSTOP or a debugger.
    /// False if there is no such process.</summary>
    public static bool IsStopped(int pid)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{pid}/task")
                .Any(thread => IsThreadStopped(pid, Path.GetFileName(thread)));
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static bool IsThreadStopped(int pid, string thread)
    {
        try
        {
            // The state follows the name, which may contain anything (proc(5)).
            string stat = File.ReadAllText($"/proc/{pid}/task/{thread}/stat");
            return stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart() is ['T' or 't', ..];
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Which processes are stopped, among some children, their children (which needs
    /// CONFIG_PROC_CHILDREN), and all processes of a user, whoever started them.</summary>
    /// <param name="children">The process ids of the children.</param>
    /// <param name="user">A uid; null for none.</param>
    public static List<int> Stopped(IEnumerable<int> children, uint? user) =>
    [
        .. children.SelectMany(child => ChildrenOf(child).Prepend(child))
            .Union(user is null ? [] : ProcessesOf(user.Value))
            .Where(IsStopped),
    ];

    private static IEnumerable<int> ChildrenOf(int pid)
    {
        string children = "";
        try
        {
            children = File.ReadAllText($"/proc/{pid}/task/{pid}/children");
        }
        catch (IOException)
        {
            // The process has ended, or the kernel does not say.
        }

        return children.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => int.Parse(word, CultureInfo.InvariantCulture));
    }

    private static IEnumerable<int> ProcessesOf(uint user)
    {
        foreach (string path in Directory.EnumerateDirectories("/proc"))
        {
            string name = path["/proc/".Length..];
            if (int.TryParse(name, CultureInfo.InvariantCulture, out int pid)
                && Fd.TryStatus(Fd.PathBytes(path), out _)?.Uid == user)
            {
                yield return pid;
            }
        }
    }

    /// <summary>Ends this process at once, without handlers and without waiting for other threads.
    /// </summary>
    public static void ExitNow(int code) => Native._exit(code);

    /// <summary>Replaces this program by another; returns only by throwing.</summary>
    public static void Exec(
        string path, IReadOnlyList<byte[]> arguments, ByteEnvironment environment)
    {
        Native.signal(SignalPipe, 0);
        using NativeStrings argv = new(arguments);
        using NativeStrings envp = new(environment.ToBlock());
        fixed (byte* p = Fd.PathBytes(path))
        {
            _ = Native.execve(p, argv.Pointer, envp.Pointer);
        }

        throw new PosixException($"run {path}", Marshal.GetLastPInvokeError());
    }
}
