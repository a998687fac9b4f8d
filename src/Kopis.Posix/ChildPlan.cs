using System.Runtime.InteropServices;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>The steps of a new process until it becomes another user's program. The plan is made in
/// the parent, which may allocate memory. Its order makes each step permitted and harmless. From
/// setresuid on the user can tamper with the child; by then it has only that user's descriptors.
/// </summary>
internal sealed unsafe class ChildPlan : IDisposable
{
    private const int SignalCount = 64;
    private const int Alarm = 14;
    private const int SetBytes = 8; // sigset_t of the kernel.
    private const int SetMask = 2; // SIG_SETMASK
    private const int NetSeconds = 10; // A step waits only for a disk.
    private const int KeepCapabilities = 8; // PR_SET_KEEPCAPS
    private const nint LastDescriptor = int.MaxValue;
    private const int Compare = -1;

    private readonly ChildCalls _calls = ChildCalls.Ours;
    private readonly List<ChildStep> _steps = [];
    private readonly List<nint> _memory = [];
    private readonly NativeStrings _arguments;
    private readonly NativeStrings _environment;

    /// <summary>Makes the plan for a child.</summary>
    /// <param name="start">Descriptors, group, program.</param>
    /// <param name="identity">The identity that the child gets.</param>
    /// <param name="directory">The working directory, ended by NUL; null if we are in it already.
    /// </param>
    internal ChildPlan(ProcessStart start, ProcessIdentity identity, byte[]? directory)
    {
        _arguments = new NativeStrings(start.Arguments);
        _environment = new NativeStrings(start.Environment.ToBlock());
        ForgetSignals();
        MoveDescriptors(start.Descriptors);

        // With our terminal, if there is one, the user could type in our name (ioctl_tty(2),
        // TIOCSTI). A new process leads no group, so this does not fail; its result is not known in
        // advance.
        Add(_calls.SetSession, mayFail: true);
        Become(identity);
        if (directory is not null)
        {
            Add(_calls.ChangeDirectory, Copy(directory)); // With the user's rights, not ours.
        }

        Add(_calls.SetTimer, 0, Copy(new byte[32]));
        Add(_calls.SignalMask, SetMask, Copy(new byte[SetBytes]), 0, SetBytes);
        Add(_calls.Execute, Copy(Fd.PathBytes(start.Path)), (nint)_arguments.Pointer,
            (nint)_environment.Pointer);
        Add(_calls.Exit, ExitCode.Temporary);
        Count = _steps.Count;
        Steps = (ChildStep*)Copy(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_steps)));
    }

    internal ChildStep* Steps { get; }

    internal int Count { get; }

    public void Dispose()
    {
        _memory.ForEach(place => NativeMemory.Free((void*)place));
        _arguments.Dispose();
        _environment.Dispose();
    }

    /// <summary>Resets all signal handlers, and sets a timer in case the child hangs.</summary>
    private void ForgetSignals()
    {
        nint byDefault = Copy(new byte[32]); // struct sigaction
        for (int signal = 1; signal <= SignalCount; signal++)
        {
            Add(_calls.SignalAction, signal, byDefault, 0, SetBytes, mayFail: true);
        }

        // struct itimerval
        Add(_calls.SetTimer, 0, Copy(MemoryMarshal.AsBytes<long>([0, 0, NetSeconds, 0])));
        Add(_calls.SignalMask, SetMask,
            Copy(MemoryMarshal.AsBytes<long>([~(1L << (Alarm - 1))])), 0, SetBytes);
    }

    /// <summary>Moves descriptors in two steps, through numbers above all others, so that none is
    /// overwritten before it is moved.</summary>
    private void MoveDescriptors(IReadOnlyDictionary<int, int> descriptors)
    {
        int firstFree = descriptors.Keys.DefaultIfEmpty(-1).Max() + 1;
        int firstParked = Math.Max(firstFree, descriptors.Values.DefaultIfEmpty(-1).Max() + 1);
        int parked = firstParked;
        foreach (int source in descriptors.Values)
        {
            Add(_calls.Duplicate, source, parked, expected: parked++);
        }

        for (int fd = 0; fd < firstFree; fd++)
        {
            Add(_calls.Close, fd, mayFail: true);
        }

        parked = firstParked;
        foreach (int target in descriptors.Keys)
        {
            Add(_calls.Duplicate, parked++, target, expected: target);
        }

        Add(_calls.CloseRange, firstFree, LastDescriptor);
    }

    private void Become(ProcessIdentity identity)
    {
        uint[] groups = [.. identity.Groups.Distinct().Order()]; // In the kernel's order.
        nint groupList = Copy(MemoryMarshal.AsBytes<uint>(groups));
        (nint uid, nint gid) = ((nint)identity.Uid, (nint)identity.Gid);
        if (identity.MayReadAll)
        {
            Add(_calls.ProcessControl, KeepCapabilities, 1);
        }

        Add(_calls.SetGroups, groups.Length, groupList);
        Add(_calls.SetGids, gid, gid, gid);
        Add(_calls.SetUids, uid, uid, uid);
        if (identity.MayReadAll)
        {
            Native.CapabilityHeader header = Capabilities.Header;
            Native.CapabilitySets sets = Capabilities.ReadSearchAlone;
            Add(_calls.SetCapabilities, Copy(new ReadOnlySpan<byte>(&header, sizeof(
                Native.CapabilityHeader))), Copy(new ReadOnlySpan<byte>(&sets, sizeof(
                Native.CapabilitySets))));
            Add(_calls.ProcessControl, Capabilities.Ambient, Capabilities.Raise,
                Capabilities.ReadSearch);
        }

        // Reads the identity back.
        nint found = Copy(new byte[(groups.Length + 1) * sizeof(uint)]);
        Add(_calls.GetGroups, groups.Length + 1, found, expected: groups.Length);
        Add(Compare, found, groupList, groups.Length * sizeof(uint));
        CompareIds(_calls.GetGids, identity.Gid);
        CompareIds(_calls.GetUids, identity.Uid);
    }

    private void CompareIds(int call, uint id)
    {
        nint found = Copy(new byte[3 * sizeof(uint)]);
        Add(call, found, found + sizeof(uint), found + (2 * sizeof(uint)));
        Add(Compare, found, Copy(MemoryMarshal.AsBytes<uint>([id, id, id])), 3 * sizeof(uint));
    }

    private void Add(
        int call, nint a = 0, nint b = 0, nint c = 0, nint d = 0, nint e = 0, nint expected = 0,
        bool mayFail = false) =>
        _steps.Add(new ChildStep
        {
            Call = call, A = a, B = b, C = c, D = d, E = e, Expected = expected,
            MayFail = mayFail,
        });

    private nint Copy(ReadOnlySpan<byte> bytes)
    {
        void* place = NativeMemory.Alloc((nuint)Math.Max(1, bytes.Length));
        _memory.Add((nint)place);
        bytes.CopyTo(new Span<byte>(place, bytes.Length));
        return (nint)place;
    }
}
