using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Journal;

/// <summary>What the commands that read the journal share: help, the user they run as, and the
/// handling of failures.</summary>
internal static class JournalCommand
{
    /// <summary>Runs a command.</summary>
    /// <param name="context">Its arguments and its home.</param>
    /// <param name="usage">Its help.</param>
    /// <param name="parse">Makes options from arguments; null if they are not valid.</param>
    /// <param name="read">Reads the journal in a directory, as its owner, and prints.</param>
    /// <exception cref="ConfigurationException">The journal cannot be read.</exception>
    internal static int Run<T>(
        ProgramContext context, string usage,
        Func<IReadOnlyList<string>, DateTimeOffset, T?> parse, Func<string, T, int> read)
        where T : class
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        if (words is ["--help"] or ["-h"])
        {
            Print(usage);
            return ExitCode.Success;
        }

        if (parse(words, DateTimeOffset.UtcNow) is not { } options)
        {
            Fd.WriteAll(2, Encoding.UTF8.GetBytes(usage));
            return ExitCode.Permanent;
        }

        string journal = context.In("journal");
        OwnerWork.GoOnAsOwnerOf(journal, context);
        try
        {
            return read(journal, options);
        }
        catch (Exception e) when (
            e is (IOException and not PosixException { IsOutputClosed: true })
                or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    internal static void Print(string text) => Fd.WriteAll(1, Encoding.UTF8.GetBytes(text));
}
