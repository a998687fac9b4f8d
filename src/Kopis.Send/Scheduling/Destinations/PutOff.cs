namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Recipients of one message that are deferred without an attempt, since their destination
/// is dead.</summary>
/// <param name="Pass">Their pass.</param>
/// <param name="Recipients">Their indices.</param>
/// <param name="Destination">The dead destination.</param>
internal sealed record PutOff(Pass Pass, int[] Recipients, Destination Destination)
{
    /// <summary>As in <see cref="Start.Route"/>.</summary>
    internal byte[]? Route { get; init; }
}
