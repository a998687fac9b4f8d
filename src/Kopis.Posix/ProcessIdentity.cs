using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>A uid, gid and supplementary groups that root gives to a child.</summary>
/// <param name="Uid">User; never 0.</param>
/// <param name="Gid">Primary group.</param>
/// <param name="Groups">Supplementary groups.</param>
public sealed record ProcessIdentity(uint Uid, uint Gid, IReadOnlyList<uint> Groups)
{
    /// <summary>Whether a program that <see cref="RunAs(Action)"/> changes into may read every
    /// file and look into every directory: the capability CAP_DAC_READ_SEARCH, and no other.
    /// </summary>
    public bool MayReadAll { get; init; }

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly nint SetGroups = Arm ? 159 : 116;
    private static readonly nint SetResGid = Arm ? 149 : 119;
    private static readonly nint SetResUid = Arm ? 147 : 117;

    /// <summary>Does work on files with this identity; it must stay on its thread. Otherwise as
    /// <see cref="RunAs(Func{int})"/>.</summary>
    public void RunAs(Action action) =>
        _ = RunAs(() =>
        {
            action();
            return 0;
        });

    /// <summary>
    /// Runs the action on a thread that has this identity, then gives the thread root back. Only
    /// that thread changes (raw system calls, not glibc's setuid, which changes all); a child
    /// spawned by the action keeps the identity. If root cannot be regained the process ends.
    /// </summary>
    internal unsafe int RunAs(Func<int> action)
    {
        if (Uid == 0)
        {
            throw new InvalidOperationException("Nothing is started as root for a user.");
        }

        int result = -1;
        Exception? error = null;
        Thread thread = new(() =>
        {
            try
            {
                Become();
                result = action();
            }
            catch (Exception e)
            {
                error = e;
            }

            BecomeRoot();
        });
        thread.Start();
        thread.Join();
        if (error is not null)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return result;
    }

    private unsafe void Become()
    {
        uint[] groups = [.. Groups];
        fixed (uint* p = groups)
        {
            Require(Native.syscall(SetGroups, groups.Length, (nint)p, 0), "setgroups");
        }

        if (MayReadAll)
        {
            Capabilities.KeepReadSearch();
        }

        Require(Native.syscall(SetResGid, (nint)Gid, (nint)Gid, 0), "setresgid");
        Require(Native.syscall(SetResUid, (nint)Uid, (nint)Uid, 0), "setresuid");
    }

    private static unsafe void BecomeRoot()
    {
        if (Native.syscall(SetResUid, 0, 0, 0) != 0 || Native.syscall(SetResGid, 0, 0, 0) != 0
            || Native.syscall(SetGroups, 0, 0, 0) != 0)
        {
            Environment.FailFast("A thread could not become root again.");
        }
    }

    private static void Require(nint result, string what)
    {
        if (result != 0)
        {
            throw new PosixException(what, Marshal.GetLastPInvokeError());
        }
    }
}
