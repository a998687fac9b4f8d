using System.Globalization;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Who a process is to be: a uid, a gid and supplementary groups, none of them root's and
/// none the number that means "leave it as it is" to setresuid(2).</summary>
/// <remarks>There are two ways to become one, and no third: <see cref="ProcessStart"/> starts a
/// child as one, <see cref="Exec"/> turns this process into one for good. No thread of a process
/// has other ids than the process (docs/decisions/identity.md).</remarks>
public sealed record ProcessIdentity
{
    private const uint NoChange = uint.MaxValue;
    private const int StatusBytesMax = 64 * 1024; // Of /proc: some two KiB.

    /// <summary>Names an identity.</summary>
    /// <param name="uid">User.</param>
    /// <param name="gid">Primary group.</param>
    /// <param name="groups">Supplementary groups.</param>
    /// <exception cref="ConfigurationException">An id is 0 or 4294967295.</exception>
    public ProcessIdentity(uint uid, uint gid, params IReadOnlyList<uint> groups)
    {
        uint bad = ((uint[])[uid, gid, .. groups]).FirstOrDefault(id => !IsValid(id), 1u);
        if (bad != 1)
        {
            throw new ConfigurationException($"user or group id {bad} is not allowed");
        }

        (Uid, Gid, Groups) = (uid, gid, groups);
    }

    /// <summary>User.</summary>
    public uint Uid { get; }

    /// <summary>Primary group.</summary>
    public uint Gid { get; }

    /// <summary>Supplementary groups.</summary>
    public IReadOnlyList<uint> Groups { get; }

    /// <summary>Whether the process may read every file and look into every directory: the
    /// capability CAP_DAC_READ_SEARCH, and no other.</summary>
    public bool MayReadAll { get; init; }

    /// <summary>A user with the one group of his.</summary>
    public static ProcessIdentity Of(UnixUser user) => new(user.Uid, user.Gid, user.Gid);

    /// <summary>Who root has to be to work in another's directory; null if it is root's, or we
    /// are not root.</summary>
    /// <exception cref="PosixException">There is no such directory.</exception>
    /// <exception cref="ConfigurationException">Its group is root's, and its owner not known.
    /// </exception>
    public static ProcessIdentity? ForWorkIn(string directory)
    {
        FileStatus owner = Fd.TryStatus(Fd.PathBytes(directory), out int errno)
            ?? throw new PosixException($"open {directory}", errno);
        if (Processes.EffectiveUid != 0 || owner.Uid == 0)
        {
            return null;
        }

        uint gid = owner.Gid != 0 ? owner.Gid : UnixUsers.ByUid(owner.Uid)?.Gid ?? 0;
        return new ProcessIdentity(owner.Uid, gid, gid);
    }

    /// <summary>Whether an id can be that of a process that is not root.</summary>
    public static bool IsValid(uint id) => id is not (0 or NoChange);

    /// <summary>Reads an id, decimal digits alone; false for the two that no process may get.
    /// </summary>
    public static bool TryParseId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id)
            && IsValid(id);

    /// <summary>
    /// Turns this process, with all of its threads, into this user, reads back from the kernel
    /// that every thread is, and runs another program. Ends the process with 111 where any of its
    /// threads still has another id. Returns only by throwing.
    /// </summary>
    /// <param name="program">What to run, with which words and environment, and where; its
    /// descriptors are ours. The directory is gone to as the new user.</param>
    /// <exception cref="ConfigurationException">The kernel refuses, or the program cannot be run.
    /// </exception>
    public void Exec(ProcessStart program)
    {
        try
        {
            Terminal.GiveUp();
            Become();
            if (program.Directory is { } directory)
            {
                Paths.ChangeDirectory(directory);
            }

            Processes.Exec(program.Path, program.Arguments, program.Environment);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to {e.Message}", e);
        }
    }

    /// <summary>The C library's calls, which change all threads.</summary>
    private unsafe void Become()
    {
        uint[] groups = [.. Groups];
        fixed (uint* list = groups)
        {
            Fd.Check(Native.setgroups((nuint)groups.Length, list), "set gid");
        }

        if (MayReadAll)
        {
            Capabilities.KeepPermitted();
        }

        Fd.Check(Native.setresgid(Gid, Gid, Gid), "set gid");
        Fd.Check(Native.setresuid(Uid, Uid, Uid), "set uid");
        if (MayReadAll)
        {
            Capabilities.HandDownReadSearch();
        }

        foreach (string thread in Directory.GetDirectories("/proc/self/task"))
        {
            if (!IsUs(ByteText.ToText(BoundedFile.Read(
                Path.Combine(thread, "status"), StatusBytesMax))))
            {
                Processes.ExitNow(ExitCode.Temporary);
            }
        }
    }

    /// <summary>All four ids of both kinds, and the groups, as proc(5) shows them.</summary>
    private bool IsUs(string status)
    {
        uint[] Values(string name) =>
        [
            .. status.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal))
                [name.Length..]
                .Split((char[])['\t', ' '], StringSplitOptions.RemoveEmptyEntries)
                .Select(word => uint.Parse(word, CultureInfo.InvariantCulture)),
        ];
        return Values("Uid:").All(id => id == Uid) && Values("Gid:").All(id => id == Gid)
            && Values("Groups:").ToHashSet().SetEquals(Groups);
    }
}
