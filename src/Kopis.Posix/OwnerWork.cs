using Kopis.Base;

namespace Kopis.Posix;

/// <summary>A tool of root has its work in another user's directory done by a process of that user.
/// So the files belong to the user, and nothing that the user puts there, such as a link, leads
/// root to another file.</summary>
public static class OwnerWork
{
    /// <summary>The first argument of such a process: <c>kopis --as-owner PIECE [WORD…]</c>. It
    /// gives no right that the caller lacks.</summary>
    public const string Word = "--as-owner";

    private const int SaidBytesMax = 64 * 1024;
    private const int Kill = 9;
    private const int Continue = 18;
    private const int StopsMax = 5;
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(1);

    // Deleting a large mailbox takes a while.
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(10);

    /// <summary>Has a piece of work done by the owner, and waits until it ends.</summary>
    /// <param name="owner">The owner's identity.</param>
    /// <param name="input">The input on descriptor 0.</param>
    /// <param name="words">The piece of work and its arguments.</param>
    /// <returns>The output, reduced to printable lines, whatever the owner makes the process print.
    /// </returns>
    /// <exception cref="ConfigurationException">The work failed; the message is the process's own.
    /// This also happens if the owner stops the process again and again, or lets it run without
    /// end.</exception>
    public static string Run(
        ProcessIdentity owner, ReadOnlySpan<byte> input, params string[] words) =>
        Run(owner, input, TimeMax, words);

    /// <param name="owner">The owner's identity.</param>
    /// <param name="input">The input on descriptor 0.</param>
    /// <param name="timeMax">The process is killed after this time, in whole seconds.</param>
    /// <param name="words">The piece of work and its arguments.</param>
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
            // A name in a user's directory may contain characters that a terminal obeys.
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

    /// <summary>Waits with a limit, since the owner may stop the process.</summary>
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

        Processes.Signal(pid, Kill); // Harmless if it has ended.
        return Processes.Wait(pid);
    }

    /// <summary>Starts a piece of work with these descriptors; the caller must wait for it.
    /// </summary>
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

    /// <summary>If root works in another user's directory, runs this program again as that user,
    /// with the same arguments and descriptors. Returns if the identity need not change.</summary>
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

    /// <summary>The arguments of such a process.</summary>
    public static IEnumerable<byte[]> Words(params IEnumerable<string> words) =>
        [ByteText.ToBytes(Word), .. words.Select(word => Fd.PathBytes(word)[..^1])];
}
