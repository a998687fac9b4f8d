using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Numbers of the system calls of a new process (asm/unistd.h).</summary>
internal sealed class ChildCalls
{
    internal static ChildCalls Ours { get; } =
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? new ChildCalls
            {
                SignalMask = 135, SignalAction = 134, Clone = 220, SetTimer = 103, Close = 57,
                Duplicate = 24, SetSession = 157, ProcessControl = 167, SetGroups = 159,
                SetGids = 149, SetUids = 147, SetCapabilities = 91, GetUids = 148, GetGids = 150,
                GetGroups = 158, ChangeDirectory = 49, Execute = 221, Exit = 94,
            }
            : new ChildCalls
            {
                SignalMask = 14, SignalAction = 13, Clone = 56, SetTimer = 38, Close = 3,
                Duplicate = 292, SetSession = 112, ProcessControl = 157, SetGroups = 116,
                SetGids = 119, SetUids = 117, SetCapabilities = 126, GetUids = 118, GetGids = 120,
                GetGroups = 115, ChangeDirectory = 80, Execute = 59, Exit = 231,
            };

    internal required int SignalMask { get; init; }

    internal required int SignalAction { get; init; }

    internal required int Clone { get; init; }

    internal required int SetTimer { get; init; }

    internal required int Close { get; init; }

    internal int CloseRange { get; } = 436; // The same everywhere since Linux 5.9.

    /// <summary>dup3.</summary>
    internal required int Duplicate { get; init; }

    /// <summary>setsid.</summary>
    internal required int SetSession { get; init; }

    /// <summary>prctl.</summary>
    internal required int ProcessControl { get; init; }

    internal required int SetGroups { get; init; }

    internal required int SetGids { get; init; }

    internal required int SetUids { get; init; }

    internal required int SetCapabilities { get; init; }

    internal required int GetUids { get; init; }

    internal required int GetGids { get; init; }

    internal required int GetGroups { get; init; }

    internal required int ChangeDirectory { get; init; }

    internal required int Execute { get; init; }

    /// <summary>exit_group.</summary>
    internal required int Exit { get; init; }
}
