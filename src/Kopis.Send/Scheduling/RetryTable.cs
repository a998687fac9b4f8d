using System.Numerics;
using Kopis.Mail.Dsn;

namespace Kopis.Send.Scheduling;

/// <summary>When remote recipients that were deferred are tried again, by class of failure
/// (<c>control/retryschedule</c>). Pure; times are Unix seconds.</summary>
/// <param name="steps">For each class the waits in seconds, of which the last repeats; null:
/// qmail's schedule.</param>
internal sealed class RetryTable(IReadOnlyList<int[]?> steps)
{
    /// <summary>The table if there is no file.</summary>
    internal static RetryTable Qmail { get; } = new(new int[]?[BounceClassNames.Count]);

    /// <summary>The longest time that a deferral makes a message wait, unless qmail's schedule
    /// makes it wait longer.</summary>
    internal long LongestSeconds { get; } = Math.Max(
        RetrySchedule.LaterSecondsMax, steps.Max(waits => waits?.Max() ?? 0));

    /// <summary>The bit of a class in a set of classes.</summary>
    internal static uint Bit(BounceClass one) => 1U << (int)one;

    /// <summary>When a message is due after a pass with deferrals of some classes. The earliest
    /// time that one of the classes gives counts, and no time is later than the message's last
    /// pass.</summary>
    /// <param name="classes">The set of classes.</param>
    /// <param name="now">When the pass has ended.</param>
    /// <param name="birth">When the message came.</param>
    /// <param name="usual">When it is due by qmail's schedule.</param>
    /// <param name="lifetime">Seconds after which a pass is the last.</param>
    internal long Next(uint classes, long now, long birth, long usual, long lifetime)
    {
        long due = long.MaxValue;
        for (uint rest = classes; rest != 0; rest &= rest - 1)
        {
            due = Math.Min(due, steps[BitOperations.TrailingZeroCount(rest)] is { } waits
                ? now + WaitAt(waits, now - birth) : usual);
        }

        return classes == 0 ? usual : Math.Min(due, Math.Max(usual, birth + lifetime + 1));
    }

    /// <summary>The wait that applies at an age of the message.</summary>
    private static int WaitAt(int[] waits, long age)
    {
        long end = 0;
        foreach (int wait in waits)
        {
            end += wait;
            if (age < end)
            {
                return wait;
            }
        }

        return waits[^1];
    }
}
