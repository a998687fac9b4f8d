using Kopis.Base;

namespace Kopis.Posix;

/// <summary>
/// What a tool of root's does in another's directory is done by a process of that owner: so the
/// files are his, and nothing that he puts there, a link say, leads root to another's file.
/// </summary>
public static class OwnerWork
{
    /// <summary>The first word of such a process: <c>kopis --as-owner PIECE [WORD…]</c>. It
    /// gives nobody a right that he has not got.</summary>
    public const string Word = "--as-owner";

    private const int SaidBytesMax = 64 * 1024;

    /// <summary>Has a piece of work done, and waits for its end.</summary>
    /// <param name="owner">By whom.</param>
    /// <param name="input">What it reads on descriptor 0.</param>
    /// <param name="words">The piece, and its words.</param>
    /// <returns>What it said.</returns>
    /// <exception cref="ConfigurationException">It failed; with its own words.</exception>
    public static string Run(
        ProcessIdentity owner, ReadOnlySpan<byte> input, params string[] words)
    {
        int from = Fd.MemoryFile("input");
        int to = Fd.MemoryFile("output");
        try
        {
            Fd.WriteAll(from, input);
            Fd.Seek(from, 0);
            WaitStatus end = Processes.Wait(Start(owner, from, to, words));
            byte[] said = new byte[SaidBytesMax];
            string text = ByteText.ToText(said.AsSpan(0, Fd.ReadAt(to, said, 0)));
            return end is { Crashed: false, ExitCode: 0 }
                ? text
                : throw new ConfigurationException(
                    text.Length > 0 ? text.TrimEnd() : $"the part of user {owner.Uid} failed");
        }
        finally
        {
            Fd.Close(from);
            Fd.Close(to);
        }
    }

    /// <summary>Starts a piece of work with these descriptors; the caller waits for it.</summary>
    /// <returns>Its process id.</returns>
    public static int Start(ProcessIdentity owner, int input, int output, params string[] words)
    {
        ProgramContext context = new("kopis", [], new ByteEnvironment(), "/");
        return (ProcessStart.Own(context, "kopis", [.. Words(words)]) with
        {
            Identity = owner,
            Descriptors = new Dictionary<int, int> { [0] = input, [1] = output, [2] = output },
        }).Start();
    }

    /// <summary>Where root is in a directory of another's, begins this program again as he, with
    /// the same words and descriptors. Returns where there is nothing to change.</summary>
    public static void GoOnAsOwnerOf(string directory, ProgramContext context)
    {
        if (Processes.EffectiveUid == 0
            && Fd.TryStatus(Fd.PathBytes(directory), out _) is not null
            && ProcessIdentity.ForWorkIn(directory) is { } owner)
        {
            owner.Exec(ProcessStart.Own(
                context, "kopis", [ByteText.ToBytes(context.Name), .. context.Arguments]) with
            {
                Directory = null,
            });
        }
    }

    /// <summary>As arguments of such a process.</summary>
    public static IEnumerable<byte[]> Words(params IEnumerable<string> words) =>
        [ByteText.ToBytes(Word), .. words.Select(word => Fd.PathBytes(word)[..^1])];
}
