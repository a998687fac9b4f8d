using System.Globalization;

namespace Kopis.Posix;

/// <summary>What the kernel reports about a thread of this process (proc(5)).</summary>
/// <param name="Letter">R runs, S sleeps, D waits for the disk, and so on; NUL if it is not known.
/// </param>
/// <param name="Cpu">The processor time that it has used.</param>
/// <param name="Sleeps">How many times it has gone to sleep.</param>
internal readonly record struct ThreadState(char Letter, TimeSpan Cpu, long Sleeps)
{
    private const int UserTicksIn = 11; // After the name: 3 is the state, 14 and 15 the ticks.
    private const int TicksPerSecond = 100; // USER_HZ.
    private const string SleepsLine = "voluntary_ctxt_switches:";

    /// <summary>Reads a thread's state. Nothing is known of thread 0, or without /proc.</summary>
    internal static ThreadState Of(int thread)
    {
        try
        {
            return thread == 0 ? default : Parse(
                File.ReadAllText($"/proc/self/task/{thread}/stat"),
                File.ReadAllText($"/proc/self/task/{thread}/status"));
        }
        catch (IOException)
        {
            return default;
        }
    }

    private static ThreadState Parse(string stat, string status)
    {
        // The name may itself contain blanks and brackets.
        string[] words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        double ticks = Number(words[UserTicksIn]) + Number(words[UserTicksIn + 1]);
        string? sleeps = status.Split('\n')
            .FirstOrDefault(line => line.StartsWith(SleepsLine, StringComparison.Ordinal));
        return new ThreadState(
            words[0][0], TimeSpan.FromSeconds(ticks / TicksPerSecond),
            sleeps is null ? 0 : Number(sleeps[SleepsLine.Length..]));
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
