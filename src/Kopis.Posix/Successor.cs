using Kopis.Base;

namespace Kopis.Posix;

/// <summary>The program that this one becomes: the next of a chain.</summary>
public static class Successor
{
    /// <summary>Finds it along PATH and executes it; returns only by an exception.</summary>
    /// <param name="environment">Its environment.</param>
    /// <param name="words">Its name and its arguments.</param>
    /// <exception cref="ConfigurationException">It cannot be run.</exception>
    public static void Run(ByteEnvironment environment, IReadOnlyList<byte[]> words) =>
        Run(environment, words[0], words);

    /// <summary>The same under another name than its file's.</summary>
    /// <param name="environment">Its environment.</param>
    /// <param name="file">What is looked for.</param>
    /// <param name="words">Its name and its arguments.</param>
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
