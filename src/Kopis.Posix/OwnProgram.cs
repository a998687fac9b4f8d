using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Distinguishes our own programs in a chain from others of the same name.</summary>
public static class OwnProgram
{
    /// <summary>The name of our program that a word would run; null if it is another make's, such
    /// as netqmail's <c>qmail-smtpd</c>. Links are followed; the word is ours if its file is this
    /// very binary.</summary>
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
