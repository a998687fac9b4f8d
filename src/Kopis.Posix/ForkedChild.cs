using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Starts a child that carries out a <see cref="ChildPlan"/>. It is a process with one
/// thread that shares no memory with us, and nobody here waits for it. So users who may signal or
/// stop it gain no control over our process.</summary>
/// <remarks>After fork(2) in a process with threads the runtime must not be used: its locks may be
/// held by threads that the child does not have. So the child makes system calls from a list, and
/// nothing else (docs/decisions/identity.md).</remarks>
internal static unsafe class ForkedChild
{
    private const nint AllSignals = -1; // sigset_t of the kernel: 64 bits.
    private const int SetMask = 2; // SIG_SETMASK
    private const int Child = 17; // SIGCHLD, the parent's signal when a child ends.

    // This is not declared as a foreign function: around such a call the runtime checks whether a
    // collection is wanted, and a child that was forked at such a moment would wait forever. For
    // integers the runtime's own calling convention equals that of C on both architectures.
    private static readonly delegate*<nint, nint, nint, nint, nint, nint, nint> SystemCall =
        (delegate*<nint, nint, nint, nint, nint, nint, nint>)NativeLibrary.GetExport(
            NativeLibrary.GetMainProgramHandle(), "syscall");

    /// <summary>Starts the child.</summary>
    /// <returns>Its process id. Any failure in the child ends the child.</returns>
    /// <exception cref="PosixException">No process can be created.</exception>
    internal static int Start(ChildPlan plan)
    {
        nint pid = Fork(
            SystemCall, plan.Steps, plan.Count, ChildCalls.Ours.SignalMask, ChildCalls.Ours.Clone);
        return pid > 0
            ? (int)pid
            : throw new PosixException("fork", Marshal.GetLastSystemError());
    }

    /// <summary>Forks with all signals blocked, so that no handler of ours runs in the child. The
    /// child then takes one step after another; if a step's result is not the expected one, the
    /// last step follows, which ends the child. No other method is called, since its code might
    /// have to be compiled first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static nint Fork(
        delegate*<nint, nint, nint, nint, nint, nint, nint> call, ChildStep* steps, int count,
        nint signalMask, nint clone)
    {
        nint set = AllSignals;
        nint before = 0;
        call(signalMask, SetMask, (nint)(&set), (nint)(&before), sizeof(ulong), 0);
        nint pid = call(clone, Child, 0, 0, 0, 0);
        if (pid != 0)
        {
            // This cannot fail, so errno is still that of fork.
            call(signalMask, SetMask, (nint)(&before), 0, sizeof(ulong), 0);
            return pid;
        }

        for (int i = 0; ; i = i + 1 < count ? i + 1 : i)
        {
            ChildStep* step = steps + i;
            nint result = 0;
            if (step->Call >= 0)
            {
                result = call(step->Call, step->A, step->B, step->C, step->D, step->E);
            }
            else
            {
                for (nint at = 0; at < step->C; at++)
                {
                    result |= ((byte*)step->A)[at] ^ ((byte*)step->B)[at];
                }
            }

            if (result != step->Expected && !step->MayFail)
            {
                i = count - 1;
                call(steps[i].Call, steps[i].A, 0, 0, 0, 0);
            }
        }
    }
}
