namespace Kopis.Send.Tests.Destinations;

/// <summary>How a receiver behaves.</summary>
internal enum ReceiverKind
{
    Quick,
    Slow,
    Dead,
    BusyAfterFew,
    RateLimited,
    Greylisting,
    Silent,
    Flapping,
    Refusing,
    TakesFew,
    Steady,
}
