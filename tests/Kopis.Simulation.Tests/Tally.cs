namespace Kopis.Simulation.Tests;

/// <summary>What histories came to.</summary>
internal sealed class Tally
{
    internal int Histories { get; set; }

    internal int PowerCuts { get; set; }

    internal int Kills { get; set; }

    internal int CrashPoints => PowerCuts + Kills;

    internal int Accepted { get; set; }

    internal int Duplicates { get; set; }

    /// <summary>Commands that were answered.</summary>
    internal int Commands { get; set; }

    /// <summary>Syncs of several deliveries at once.</summary>
    internal int SharedSyncs { get; set; }

    public override string ToString() =>
        $"{CrashPoints} crash points ({PowerCuts} power cuts, {Kills} kills) in {Histories} "
        + $"histories: {Accepted} messages accepted, 0 lost, {Duplicates} second copies, "
        + $"{SharedSyncs} syncs shared, {Commands} commands answered";
}
