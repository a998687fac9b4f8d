using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>A gate at which one thread waits until another opens it, once. It takes one futex(2)
/// call on each side; the runtime's own waits take several, and spin first. For threads that wait
/// for the disk.</summary>
public sealed unsafe class ThreadGate : ISyncGate
{
    private const int SystemCall = 202; // futex on x86-64
    private const int SystemCallArm64 = 98;
    private const int WaitPrivate = 128; // FUTEX_WAIT | FUTEX_PRIVATE_FLAG
    private const int WakePrivate = 129;

    private static readonly nint Number =
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? SystemCallArm64 : SystemCall;

    private readonly int* _open = (int*)NativeMemory.AllocZeroed(sizeof(int));

    /// <summary>Waits for a task. The runtime's own way spins on the processor first.</summary>
    public static T Await<T>(Task<T> task)
    {
        if (!task.IsCompleted)
        {
            using ThreadGate gate = new();
            task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(gate.Open);
            gate.Wait();
        }

        return task.GetAwaiter().GetResult();
    }

    /// <summary>Returns once the gate is open.</summary>
    public void Wait()
    {
        while (Volatile.Read(ref *_open) == 0)
        {
            // Returns at once if the gate has opened since. After an interruption the gate is
            // checked again.
            Native.syscall4(Number, (nint)_open, WaitPrivate, 0, 0);
        }
    }

    /// <summary>Opens the gate. The waiting thread may dispose of it as soon as it is open; the
    /// wake-up then finds nobody, which the kernel allows.</summary>
    public void Open()
    {
        int* open = _open;
        Volatile.Write(ref *open, 1);
        Native.syscall4(Number, (nint)open, WakePrivate, 1, 0);
    }

    /// <summary>Frees the gate.</summary>
    public void Dispose() => NativeMemory.Free(_open);
}
