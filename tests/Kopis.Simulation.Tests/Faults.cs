using Kopis.Posix;

namespace Kopis.Simulation.Tests;

/// <summary>Which calls fail, and which are left out by a variant that is broken on purpose.
/// </summary>
internal sealed class Faults(Random random)
{
    private static readonly int[] Errors = [Errno.InputOutput, Errno.NoSpace];

    /// <summary>One call in so many fails; 0: none does.</summary>
    internal int OneIn { get; set; }

    /// <summary>A call on paths like this one fails every other time, while anything fails at all;
    /// null: no more often than others.</summary>
    internal (string Call, string Path)? Weak { get; init; }

    /// <summary>Whether a call with this name on this path is left out.</summary>
    internal Func<string, string, bool> IsLeftOut { get; init; } = (_, _) => false;

    /// <summary>All calls so far, as a number: the same for the same seed.</summary>
    internal ulong Trace { get; private set; } = 14695981039346656037;

    /// <summary>The error of this call, or 0.</summary>
    internal int Next(string call, string path)
    {
        bool isWeak = Weak is { } weak && call == weak.Call
            && path.Contains(weak.Path, StringComparison.Ordinal);
        int oneIn = isWeak && OneIn > 0 ? 2 : OneIn;
        return oneIn > 0 && random.Next(oneIn) == 0 ? Errors[random.Next(Errors.Length)] : 0;
    }

    /// <summary>Syncs that several deliveries shared.</summary>
    internal int Shared { get; private set; }

    internal void NoteShared() => Shared++;

    internal int Random(int below) => random.Next(below);

    internal void FailSync(SimulatedFile file) => file.FailSync(random);

    internal void Note(int fiber, string call, string path)
    {
        foreach (char c in $"{fiber} {call} {path}")
        {
            Trace = (Trace ^ c) * 1099511628211;
        }
    }
}
