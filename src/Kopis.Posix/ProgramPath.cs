using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Finds the file that a word would run, as execvp(3) does.</summary>
public static class ProgramPath
{
    private const int AnyoneRuns = 0x49; // 0111

    /// <summary>The word itself if it contains a slash; otherwise the first file of that name along
    /// PATH that may be run.</summary>
    /// <returns>Null if there is none; otherwise <see cref="RawText"/>.</returns>
    public static string? Find(ByteEnvironment environment, ReadOnlySpan<byte> word) =>
        Find(environment, word, out _);

    /// <summary>The same, with the reason if there is none. A file that may not be run counts for
    /// more than a missing one; any other error ends the search.</summary>
    public static string? Find(
        ByteEnvironment environment, ReadOnlySpan<byte> word, out int errno)
    {
        string name = RawText.Of(word);
        errno = 0;
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return name;
        }

        errno = Errno.NoEntry;
        string path = environment["PATH"] is { } bytes ? RawText.Of(bytes) : "/usr/bin:/bin";
        foreach (string directory in path.Split(':'))
        {
            string file = $"{(directory.Length == 0 ? "." : directory)}/{name}";
            FileStatus? status = Fd.TryStatus(Fd.PathBytes(file), out int trouble);
            if (status is { IsRegular: true } && (status.Value.Permissions & AnyoneRuns) != 0)
            {
                errno = 0;
                return file;
            }

            trouble = status is null ? trouble : Errno.Access;
            errno = trouble == Errno.NoEntry ? errno : trouble;
            if (trouble is not (Errno.NoEntry or Errno.Access))
            {
                break;
            }
        }

        return null;
    }
}
