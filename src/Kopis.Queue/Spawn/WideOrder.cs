namespace Kopis.Queue.Spawn;

/// <summary>An order of more slots than a byte counts.</summary>
/// <param name="Slot">The delivery's slot, less than <see cref="WideFrames.SlotsMax"/>.</param>
/// <param name="Command">What is to be delivered; its own slot counts for nothing.</param>
public sealed record WideOrder(int Slot, DeliveryCommand Command)
{
    /// <summary>The relay that an administrator has chosen, <c>host:port</c>; null: the usual way.
    /// </summary>
    public byte[]? Route { get; init; }
}
