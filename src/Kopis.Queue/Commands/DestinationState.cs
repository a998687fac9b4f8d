namespace Kopis.Queue.Commands;

/// <summary>Whether a destination serves.</summary>
public enum DestinationState : byte
{
    /// <summary>It answers, or was never tried.</summary>
    Up,

    /// <summary>The last attempts found nobody.</summary>
    Suspect,

    /// <summary>It is only probed.</summary>
    Dead,

    /// <summary>A reply asked to wait.</summary>
    Paused,

    /// <summary>An administrator holds it.</summary>
    Held,
}
