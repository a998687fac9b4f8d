namespace Kopis.Queue.Commands;

/// <summary>The state of a destination.</summary>
public enum DestinationState : byte
{
    /// <summary>It answers, or was never tried.</summary>
    Up,

    /// <summary>The last attempts failed to connect.</summary>
    Suspect,

    /// <summary>It does not answer, and is only probed.</summary>
    Dead,

    /// <summary>A reply asked us to wait.</summary>
    Paused,

    /// <summary>An administrator holds it.</summary>
    Held,
}
