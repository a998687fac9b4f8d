namespace Kopis.Send.Commands;

/// <summary>Deliveries that run, and that may run at once.</summary>
internal readonly record struct DeliverySlots(
    int Local, int LocalMax, int Remote, int RemoteMax);
