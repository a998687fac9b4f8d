using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>
/// Starts a child that takes the steps of a <see cref="ChildPlan"/>, in a process of its own that
/// has one thread and shares no memory with us: whoever may signal or stop it has nothing of ours
/// in his hands, and nobody here waits for it.
/// </summary>
/// <remarks>After fork(2) in a process with threads the runtime is not to be used: its locks may
/// be held by threads that the child has not got. So the child makes system calls out of a list,
/// and nothing else (docs/decisions/identity.md).</remarks>
internal static unsafe class ForkedChild
{
    private const nint AllSignals = -1; // sigset_t of the kernel: 64 bits.
    private const int SetMask = 2; // SIG_SETMASK
    private const int Child = 17; // SIGCHLD, the parent's signal when a child ends.

    // Not declared as a foreign function: around the call of one the runtime asks whether a
    // collection is wanted, and in a child that was forked at such a moment it would wait forever.
    // For whole numbers its own convention of calling is that of C on both architectures.
    private static readonly delegate*<nint, nint, nint, nint, nint, nint, nint> SystemCall =
        (delegate*<nint, nint, nint, nint, nint, nint, nint>)NativeLibrary.GetExport(
            NativeLibrary.GetMainProgramHandle(), "syscall");

    /// <summary>Starts it.</summary>
    /// <returns>Its process id. Whatever fails in the child ends that.</returns>
    /// <exception cref="PosixException">There is no room for a process.</exception>
    internal static int Start(ChildPlan plan)
    {
        nint pid = Fork(
            SystemCall, plan.Steps, plan.Count, ChildCalls.Ours.SignalMask, ChildCalls.Ours.Clone);
        return pid > 0
            ? (int)pid
            : throw new PosixException("fork", Marshal.GetLastSystemError());
    }

    /// <summary>Forks with all signals blocked, so that no handler of ours runs in the child. There
    /// one step follows another; one that does not come out as it should is followed by the last,
    /// the end. No other method is called: the code of that might have to be made first.</summary>
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
            // This cannot fail, so errno stays fork's.
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
