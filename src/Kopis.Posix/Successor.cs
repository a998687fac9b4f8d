using Kopis.Base;

namespace Kopis.Posix;

/// <summary>The program that this one becomes: the next in a chain.</summary>
public static class Successor
{
    /// <summary>Finds the program along PATH and executes it. Returns only by an exception.
    /// </summary>
    /// <param name="environment">Its environment.</param>
    /// <param name="words">The program's name and its arguments.</param>
    /// <exception cref="ConfigurationException">It cannot be run.</exception>
    public static void Run(ByteEnvironment environment, IReadOnlyList<byte[]> words) =>
        Run(environment, words[0], words);

    /// <summary>The same, with a name that differs from the file's.</summary>
    /// <param name="environment">Its environment.</param>
    /// <param name="file">The file to find.</param>
    /// <param name="words">The program's name and its arguments.</param>
    /// <exception cref="ConfigurationException">It cannot be run.</exception>
    public static void Run(
        ByteEnvironment environment, ReadOnlySpan<byte> file, IReadOnlyList<byte[]> words)
    {
        try
        {
            Processes.Exec(
                ProgramPath.Find(environment, file, out int errno)
                    ?? throw new PosixException("find a program", errno),
                words, environment);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to run {RawText.Of(file)}: {e.Reason}", e);
        }
    }
}
