namespace Kopis.Send.Scheduling.Destinations;

/// <summary>What is to start: its place is taken.</summary>
/// <param name="Pass">Whose recipients they are.</param>
/// <param name="Recipients">Their indices; none where all were done meanwhile.</param>
/// <param name="Destination">Where they go.</param>
/// <param name="Unproven">The sender on whose account an unproven destination is tried; else null.
/// </param>
/// <param name="Route">The way that its one recipient had when it came here; null: the usual one.
/// </param>
internal sealed record Start(
    Pass Pass, int[] Recipients, Destination Destination, SenderRow? Unproven, byte[]? Route);
