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
    private const int Kill = 9;
    private const int Continue = 18;
    private const int StopsMax = 5;
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(1);

    // A large mailbox takes a while to delete.
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(10);

    /// <summary>Has a piece of work done, and waits for its end.</summary>
    /// <param name="owner">By whom.</param>
    /// <param name="input">What it reads on descriptor 0.</param>
    /// <param name="words">The piece, and its words.</param>
    /// <returns>What it said: lines of what can be printed, whatever the owner makes of it.
    /// </returns>
    /// <exception cref="ConfigurationException">It failed; with its own words. So it does where
    /// its owner stops it again and again, or lets it work without end.</exception>
    public static string Run(
        ProcessIdentity owner, ReadOnlySpan<byte> input, params string[] words) =>
        Run(owner, input, TimeMax, words);

    /// <param name="owner">By whom.</param>
    /// <param name="input">What it reads on descriptor 0.</param>
    /// <param name="timeMax">It is killed after that, in whole seconds.</param>
    /// <param name="words">The piece, and its words.</param>
    /// <inheritdoc cref="Run(ProcessIdentity, ReadOnlySpan{byte}, string[])"/>
    public static string Run(
        ProcessIdentity owner, ReadOnlySpan<byte> input, TimeSpan timeMax, params string[] words)
    {
        int from = UnnamedFile.InMemory("input");
        int to = UnnamedFile.InMemory("output");
        try
        {
            Fd.WriteAll(from, input);
            Fd.Seek(from, 0);
            WaitStatus end = WaitFor(Start(owner, from, to, words), timeMax);
            byte[] said = new byte[SaidBytesMax];
            // A name in another's directory may hold what a terminal obeys.
            string text = PrintableText.Lines(said.AsSpan(0, Fd.ReadAt(to, said, 0)));
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

    /// <summary>Waits with a limit: the owner may stop the process.</summary>
    private static WaitStatus WaitFor(int pid, TimeSpan timeMax)
    {
        int looksMax = (int)(timeMax / LookPause);
        int end = Processes.OpenDescriptor(pid);
        try
        {
            int stops = 0;
            for (int looks = 0; !Poller.WaitReadable(end, LookPause) && looks < looksMax; looks++)
            {
                bool isStopped = Processes.IsStopped(pid);
                stops += isStopped ? 1 : 0;
                if (stops > StopsMax)
                {
                    break;
                }

                if (isStopped)
                {
                    Processes.Signal(pid, Continue);
                }
            }
        }
        finally
        {
            Fd.Close(end);
        }

        Processes.Signal(pid, Kill); // Nothing to one that has ended.
        return Processes.Wait(pid);
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
