namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Recipients whose pass is due while their destination is dead: deferred without a try.
/// </summary>
/// <param name="Pass">Whose they are.</param>
/// <param name="Recipients">Their indices.</param>
/// <param name="Destination">What does not answer.</param>
internal sealed record PutOff(Pass Pass, int[] Recipients, Destination Destination)
{
    /// <summary>As in <see cref="Start.Route"/>.</summary>
    internal byte[]? Route { get; init; }
}
