namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Whether a destination accepts connections.</summary>
internal enum DestinationHealth : byte
{
    /// <summary>It answers, or was never tried.</summary>
    Up,

    /// <summary>The last attempts failed to connect.</summary>
    Suspect,

    /// <summary>Several attempts in a row failed to connect: one delivery at a time probes whether
    /// it is back.</summary>
    Dead,
}
