namespace Kopis.Queue.Spawn;

/// <summary>An order to a spawner whose slot number may be larger than a byte.</summary>
/// <param name="Slot">The delivery's slot, less than <see cref="WideFrames.SlotsMax"/>.</param>
/// <param name="Command">What to deliver; the slot in it is ignored.</param>
public sealed record WideOrder(int Slot, DeliveryCommand Command)
{
    /// <summary>The relay that an administrator has chosen, <c>host:port</c>; null: the usual
    /// route.</summary>
    public byte[]? Route { get; init; }
}
