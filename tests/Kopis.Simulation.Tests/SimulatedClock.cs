namespace Kopis.Simulation.Tests;

/// <summary>Time that passes only when the simulator says so.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    private const long StartSeconds = 1_800_000_000;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    internal TimeSpan Passed { get; private set; }

    public override long GetTimestamp() => Passed.Ticks;

    public override DateTimeOffset GetUtcNow() =>
        DateTimeOffset.FromUnixTimeSeconds(StartSeconds) + Passed;

    internal void Advance(TimeSpan by) => Passed += by;
}
