using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>A seccomp filter (seccomp(2)). System calls that no mail program makes fail with EPERM,
/// before the kernel's code for them sees an argument. It applies permanently to a thread and all
/// that it starts.</summary>
/// <remarks>It lists what is refused, not what is allowed: the calls that the runtime and the C
/// library make change with their versions, and a missing one would stop mail. The systemd units
/// use a list of allowed calls, which systemd keeps up to date.</remarks>
internal static unsafe class SystemCallFilter
{
    private const int SetSeccomp = 22; // PR_SET_SECCOMP
    private const nuint ModeFilter = 2;
    private const nint SetModeFilter = 1;
    private const nint AllThreads = 1; // SECCOMP_FILTER_FLAG_TSYNC

    // linux/filter.h: classes, sizes and jumps of BPF; offsets are those of struct seccomp_data.
    private const ushort LoadWord = 0x20;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfAtLeast = 0x35;
    private const ushort JumpIfAnySet = 0x45;
    private const ushort Return = 0x06;
    private const uint NumberAt = 0;
    private const uint ArchitectureAt = 4;
    private const uint FirstArgumentAt = 16; // Its low half, on little-endian machines.
    private const uint Allow = 0x7FFF0000;
    private const uint Fail = 0x00050000; // The errno is added.
    private const uint OtherAbi = 0x40000000; // x32's numbers begin here.
    private const uint NewNamespaces = 0x7E020080; // CLONE_NEWTIME, NEWNS, NEWCGROUP … NEWNET
    private const uint FamilyUnix = 1;

    /// <summary>Filters the calling thread and what it starts. Does nothing if the kernel lacks
    /// seccomp, or if we do not know the architecture's numbers.</summary>
    /// <param name="hasNetwork">Whether it may create sockets other than those within this host.
    /// </param>
    /// <returns>Whether the filter is in force.</returns>
    internal static bool Apply(bool hasNetwork) =>
        SystemCallNumbers.Ours is { } numbers && Install(Program(numbers, hasNetwork), false);

    /// <summary>Prevents this process, permanently, from running a program.</summary>
    /// <param name="allThreads">False: only the calling thread.</param>
    internal static bool RefusePrograms(bool allThreads = true)
    {
        if (SystemCallNumbers.Ours is not { } numbers)
        {
            return false;
        }

        List<Step> program = Begin(numbers);
        Refuse(program, [numbers.Execve, numbers.Execveat]);
        program.Add(new Step(Return, 0, 0, Allow));
        return Install(program, allThreads);
    }

    private static List<Step> Program(SystemCallNumbers numbers, bool hasNetwork)
    {
        List<Step> program = Begin(numbers);
        Refuse(program, numbers.Refused);

        // No filter can read the flags of clone3, so it is refused; the C library then uses clone.
        program.Add(new Step(JumpIfEqual, 0, 1, numbers.Clone3));
        program.Add(new Step(Return, 0, 0, Fail | (uint)Errno.NoSystemCall));
        program.Add(new Step(JumpIfEqual, 0, 4, numbers.Clone));
        program.Add(new Step(LoadWord, 0, 0, FirstArgumentAt));
        program.Add(new Step(JumpIfAnySet, 0, 1, NewNamespaces));
        program.Add(new Step(Return, 0, 0, Fail | (uint)Errno.NotPermitted));
        program.Add(new Step(Return, 0, 0, Allow));
        if (!hasNetwork)
        {
            program.Add(new Step(JumpIfEqual, 0, 3, numbers.Socket));
            program.Add(new Step(LoadWord, 0, 0, FirstArgumentAt));
            program.Add(new Step(JumpIfEqual, 1, 0, FamilyUnix));
            program.Add(new Step(Return, 0, 0, Fail | (uint)Errno.NoSuchFamily));
        }

        program.Add(new Step(Return, 0, 0, Allow));
        return program;
    }

    // Another ABI has other numbers, so none of its calls are allowed.
    private static List<Step> Begin(SystemCallNumbers numbers) =>
    [
        new(LoadWord, 0, 0, ArchitectureAt),
        new(JumpIfEqual, 1, 0, numbers.Architecture),
        new(Return, 0, 0, Fail | (uint)Errno.NotPermitted),
        new(LoadWord, 0, 0, NumberAt),
        new(JumpIfAtLeast, 0, 1, OtherAbi),
        new(Return, 0, 0, Fail | (uint)Errno.NotPermitted),
    ];

    private static void Refuse(List<Step> program, IReadOnlyList<uint> refused)
    {
        foreach (uint number in refused)
        {
            program.Add(new Step(JumpIfEqual, 0, 1, number));
            program.Add(new Step(Return, 0, 0, Fail | (uint)Errno.NotPermitted));
        }
    }

    private static bool Install(List<Step> program, bool allThreads)
    {
        fixed (Step* steps = CollectionsMarshal.AsSpan(program))
        {
            FilterProgram filter = new() { Length = (ushort)program.Count, Steps = steps };
            nint result = allThreads
                ? Native.syscall(
                    (nint)SystemCallNumbers.Ours!.Seccomp, SetModeFilter, AllThreads,
                    (nint)(&filter))
                : Native.prctl(SetSeccomp, ModeFilter, (nuint)(&filter), 0, 0);
            return result == 0;
        }
    }

    // struct sock_filter
    private readonly record struct Step(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

    // struct sock_fprog
    private struct FilterProgram
    {
        internal ushort Length;
        internal Step* Steps;
    }
}
