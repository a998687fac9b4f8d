using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>A set of Landlock rules (linux/landlock.h). What a rule names is allowed; all other
/// actions that the set covers fail with EACCES.</summary>
internal sealed unsafe class Landlock : IDisposable
{
    /// <summary>Before version 2 no file could be moved to another directory.</summary>
    internal const int VersionLeast = 2;

    // These numbers are the same on every architecture since Linux 5.13.
    private const nint CreateRuleset = 444;
    private const nint AddRule = 445;
    private const nint RestrictSelf = 446;
    private const int RulePathBeneath = 1;
    private const int OpenPath = 0x200000; // O_PATH
    private const int CloseOnExec = 0x80000;

    private const ulong Execute = 1 << 0;
    private const ulong WriteFile = 1 << 1;
    private const ulong RemoveFile = 1 << 5;
    private const ulong MakeSocket = 1 << 9;
    private const ulong Truncate = 1 << 14;
    private const int TruncateSince = 3;

    // remove_dir, remove_file and make_* (bits 4 to 12), refer.
    private const ulong ChangeDirectory = (0x1FF << 4) | (1 << 13);

    private readonly ulong _handled;
    private readonly int _ruleset;

    internal Landlock(bool mayRunPrograms)
    {
        _handled = WriteFile | ChangeDirectory
            | (mayRunPrograms ? 0 : Execute) | (Version >= TruncateSince ? Truncate : 0);
        Span<byte> attributes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(attributes, _handled);
        fixed (byte* p = attributes)
        {
            _ruleset = (int)Checked(
                Native.syscall(CreateRuleset, (nint)p, attributes.Length, 0),
                "landlock_create_ruleset");
        }
    }

    /// <summary>The version in the kernel; zero if it has no Landlock.</summary>
    internal static int Version { get; } =
        (int)Math.Max(0, Native.syscall(CreateRuleset, 0, 0, 1));

    /// <summary>Allows every change below a directory, or of one file.</summary>
    internal void AllowWrite(string path) => Allow(path, _handled & ~Execute);

    /// <summary>Allows creating sockets and removing entries in a directory and below, but not
    /// changing files.</summary>
    internal void AllowSockets(string path) => Allow(path, MakeSocket | RemoveFile);

    /// <summary>Allows running one file.</summary>
    internal void AllowRun(string path) => Allow(path, Execute);

    /// <summary>Applies the rules to the calling thread.</summary>
    internal void Apply() =>
        Checked(Native.syscall(RestrictSelf, _ruleset, 0, 0), "landlock_restrict_self");

    public void Dispose() => Fd.Close(_ruleset);

    private void Allow(string path, ulong rights)
    {
        int fd;
        fixed (byte* p = Fd.PathBytes(path))
        {
            fd = Native.open(p, OpenPath | CloseOnExec, 0);
        }

        if (fd < 0)
        {
            return; // Missing files need no rule.
        }

        try
        {
            const ulong ofFiles = Execute | WriteFile | Truncate;
            rights &= Fd.Status(fd).IsDirectory ? ulong.MaxValue : ofFiles;
            Span<byte> rule = stackalloc byte[sizeof(ulong) + sizeof(int)];
            BinaryPrimitives.WriteUInt64LittleEndian(rule, rights);
            BinaryPrimitives.WriteInt32LittleEndian(rule[sizeof(ulong)..], fd);
            fixed (byte* p = rule)
            {
                Checked(
                    Native.syscall4(AddRule, _ruleset, RulePathBeneath, (nint)p, 0),
                    "landlock_add_rule");
            }
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private static nint Checked(nint result, string what) =>
        result >= 0 ? result : throw new PosixException(what, Marshal.GetLastPInvokeError());
}
