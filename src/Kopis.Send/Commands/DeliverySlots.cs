namespace Kopis.Send.Commands;

/// <summary>How many deliveries run, and how many may run at once.</summary>
internal readonly record struct DeliverySlots(
    int Local, int LocalMax, int Remote, int RemoteMax);
