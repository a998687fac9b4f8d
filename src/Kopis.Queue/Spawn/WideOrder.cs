namespace Kopis.Queue.Spawn;

/// <summary>An order of more slots than a byte counts.</summary>
/// <param name="Slot">The delivery's slot, less than <see cref="WideFrames.SlotsMax"/>.</param>
/// <param name="Command">What is to be delivered; its own slot counts for nothing.</param>
public sealed record WideOrder(int Slot, DeliveryCommand Command);
