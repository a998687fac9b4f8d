using System.Globalization;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>The identity of a process: a uid, a gid and supplementary groups. None of them is
/// root's, and none is the number that setresuid(2) takes for "leave unchanged".</summary>
/// <remarks>There are exactly two ways to take an identity: <see cref="ProcessStart"/> starts a
/// child with it, and <see cref="Exec"/> gives it to this process permanently. No thread ever has
/// other ids than its process (docs/decisions/identity.md).</remarks>
public sealed record ProcessIdentity
{
    private const uint NoChange = uint.MaxValue;
    private const int StatusBytesMax = 64 * 1024; // Of /proc: about two KiB.

    /// <summary>Makes an identity of ids.</summary>
    /// <param name="uid">The uid.</param>
    /// <param name="gid">The primary gid.</param>
    /// <param name="groups">The supplementary groups.</param>
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

    /// <summary>The uid.</summary>
    public uint Uid { get; }

    /// <summary>The primary gid.</summary>
    public uint Gid { get; }

    /// <summary>The supplementary groups.</summary>
    public IReadOnlyList<uint> Groups { get; }

    /// <summary>Whether the process may read every file and search every directory: it has the
    /// capability CAP_DAC_READ_SEARCH, and no other.</summary>
    public bool MayReadAll { get; init; }

    /// <summary>A user with only the primary group.</summary>
    public static ProcessIdentity Of(UnixUser user) => new(user.Uid, user.Gid, user.Gid);

    /// <summary>The identity that root must take to work in another user's directory. Null if the
    /// directory is root's, or if we are not root.</summary>
    /// <exception cref="PosixException">The directory does not exist.</exception>
    /// <exception cref="ConfigurationException">Its group is root's, and its owner is not known.
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

    /// <summary>Whether an id can belong to a process that is not root.</summary>
    public static bool IsValid(uint id) => id is not (0 or NoChange);

    /// <summary>Parses an id of decimal digits. False for the two ids that no process may get.
    /// </summary>
    public static bool TryParseId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id)
            && IsValid(id);

    /// <summary>Gives this process, with all its threads, the identity, reads back from the kernel
    /// that every thread has it, and runs another program. Ends the process with 111 if any thread
    /// has another id. Returns only by throwing.</summary>
    /// <param name="program">The program to run, with its arguments, environment and directory; it
    /// inherits our descriptors. The directory is entered as the new user.</param>
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

    /// <summary>Uses the C library's calls, which change all threads.</summary>
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

    /// <summary>Reads all four ids of both kinds, and the groups, from proc(5).</summary>
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
