using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Numbers of system calls (asm/unistd.h), for <see cref="SystemCallFilter"/>.</summary>
internal sealed class SystemCallNumbers
{
    // System calls since Linux 5.0 have the same numbers on every architecture: open_tree,
    // move_mount, fsopen, fsconfig, fsmount, fspick; pidfd_getfd, mount_setattr, quotactl_fd;
    // io_uring_*.
    private static readonly uint[] Newer =
        [428, 429, 430, 431, 432, 433, 438, 442, 443, 425, 426, 427];

    /// <summary>The numbers of this machine; null if we do not know them.</summary>
    internal static SystemCallNumbers? Ours { get; } = RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => X64(),
        System.Runtime.InteropServices.Architecture.Arm64 => Arm64(),
        _ => null,
    };

    /// <summary>The AUDIT_ARCH of the ABI that uses these numbers.</summary>
    internal required uint Architecture { get; init; }

    internal required uint Seccomp { get; init; }

    internal required uint Execve { get; init; }

    internal required uint Execveat { get; init; }

    internal required uint Socket { get; init; }

    internal required uint Clone { get; init; }

    internal uint Clone3 { get; } = 435;

    /// <summary>System calls that no mail program needs: for the memory of other processes, mounts
    /// and name spaces, code and keys of the kernel, the clock and the name of the machine, and
    /// calls that bypass file permissions.</summary>
    internal required IReadOnlyList<uint> Refused { get; init; }

    private static SystemCallNumbers X64() => new()
    {
        Architecture = 0xC000003E,
        Seccomp = 317,
        Execve = 59,
        Execveat = 322,
        Socket = 41,
        Clone = 56,
        Refused =
        [
            101, 310, 311, 312, // ptrace, process_vm_readv, process_vm_writev, kcmp
            165, 166, 155, 161, // mount, umount2, pivot_root, chroot
            272, 308, // unshare, setns
            321, 298, 323, // bpf, perf_event_open, userfaultfd
            248, 249, 250, // add_key, request_key, keyctl
            175, 313, 176, 246, 320, // init_module, finit_module, delete_module, kexec_load, _file_
            169, 167, 168, 163, 103, // reboot, swapon, swapoff, acct, syslog
            164, 227, 159, 305, 170, 171, // settimeofday, clock_settime, adjtimex, …, sethostname
            304, 179, 153, // open_by_handle_at, quotactl, vhangup
            172, 173, 154, // iopl, ioperm, modify_ldt
            .. Newer,
        ],
    };

    private static SystemCallNumbers Arm64() => new()
    {
        Architecture = 0xC00000B7,
        Seccomp = 277,
        Execve = 221,
        Execveat = 281,
        Socket = 198,
        Clone = 220,
        Refused =
        [
            117, 270, 271, 272, // ptrace, process_vm_readv, process_vm_writev, kcmp
            40, 39, 41, 51, // mount, umount2, pivot_root, chroot
            97, 268, // unshare, setns
            280, 241, 282, // bpf, perf_event_open, userfaultfd
            217, 218, 219, // add_key, request_key, keyctl
            105, 273, 106, 104, 294, // init_module, finit_module, delete_module, kexec_load, _file_
            142, 224, 225, 89, 116, // reboot, swapon, swapoff, acct, syslog
            170, 112, 171, 266, 161, 162, // settimeofday, clock_settime, adjtimex, …, sethostname
            265, 60, 58, // open_by_handle_at, quotactl, vhangup
            .. Newer,
        ],
    };
}
