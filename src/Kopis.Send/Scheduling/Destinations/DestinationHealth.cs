namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Whether a destination serves.</summary>
internal enum DestinationHealth : byte
{
    /// <summary>It answers, or was never tried.</summary>
    Up,

    /// <summary>The last attempts found nobody.</summary>
    Suspect,

    /// <summary>Several attempts in a row found nobody: one delivery at a time looks whether it is
    /// back.</summary>
    Dead,
}
