using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Tells our own programs in a chain from others of the same name.</summary>
public static class OwnProgram
{
    /// <summary>
    /// The name of our program that a word would run, or null: another make's <c>qmail-smtpd</c> is
    /// not ours. A link is followed; that its file is this very binary decides.
    /// </summary>
    public static string? NameOf(ByteEnvironment environment, ReadOnlySpan<byte> word)
    {
        string? file = ProgramPath.Find(environment, word);
        FileStatus? self = Fd.TryStatus(Fd.PathBytes("/proc/self/exe"), out _);
        FileStatus? other = file is null ? null : Fd.TryStatus(Fd.PathBytes(file), out _);
        return self is { } a && other is { } b
            && a.Inode == b.Inode && a.Size == b.Size && a.Modified == b.Modified
            ? Path.GetFileName(file)
            : null;
    }
}
