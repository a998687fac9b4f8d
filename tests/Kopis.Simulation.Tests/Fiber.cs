namespace Kopis.Simulation.Tests;

/// <summary>One line of execution of a simulated process: a thread that runs only while it holds
/// the baton.</summary>
internal sealed class Fiber(SimulatedProcess process, int number)
{
    internal SimulatedProcess Process { get; } = process;

    internal int Number { get; } = number;

    internal Baton Baton { get; } = new();

    /// <summary>What it waits for; null where it can go on.</summary>
    internal Func<bool>? Ready { get; set; }

    /// <summary>When it goes on in any case.</summary>
    internal TimeSpan Deadline { get; set; } = TimeSpan.MaxValue;

    internal bool IsDone { get; set; }
}
