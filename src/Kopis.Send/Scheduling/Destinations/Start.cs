namespace Kopis.Send.Scheduling.Destinations;

/// <summary>A remote delivery that is to start. Its slot is already counted.</summary>
/// <param name="Pass">The pass of the recipients.</param>
/// <param name="Recipients">Their indices; none if all were done meanwhile.</param>
/// <param name="Destination">Where they go.</param>
/// <param name="Unproven">For an unproven destination, the sender whose share it counts against;
/// else null.</param>
/// <param name="Route">The route that its one recipient had when it was queued here; null: the
/// usual one.</param>
internal sealed record Start(
    Pass Pass, int[] Recipients, Destination Destination, SenderRow? Unproven, byte[]? Route);
