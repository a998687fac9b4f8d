using System.Text;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Which file a word would run, as execvp(3) has it.</summary>
public static class ProgramPath
{
    /// <summary>The word itself where it has a slash, else the first such file along PATH.
    /// </summary>
    /// <returns>Null where no directory of PATH has it.</returns>
    public static string? Find(ByteEnvironment environment, ReadOnlySpan<byte> word)
    {
        string name = Encoding.UTF8.GetString(word);
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return name;
        }

        string path = environment["PATH"] is { } bytes
            ? Encoding.UTF8.GetString(bytes)
            : "/usr/bin:/bin";
        foreach (string directory in path.Split(':'))
        {
            string file = Path.Combine(directory.Length == 0 ? "." : directory, name);
            if (File.Exists(file))
            {
                return file;
            }
        }

        return null;
    }
}
