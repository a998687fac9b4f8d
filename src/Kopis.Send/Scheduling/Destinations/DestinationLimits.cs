using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The limits of a destination (control/destinations).</summary>
/// <param name="Concurrency">Deliveries at once, at most.</param>
/// <param name="Initial">Deliveries at once before the first success.</param>
/// <param name="RateCount">Messages in <paramref name="RateMilliseconds"/>; 0: any number.</param>
/// <param name="RateMilliseconds">The period of the rate.</param>
/// <param name="Recipients">Recipients of one message.</param>
internal readonly record struct DestinationLimits(
    int Concurrency, int Initial, int RateCount = 0, long RateMilliseconds = 0,
    int Recipients = DeliveryCommand.BatchMax)
{
    /// <summary>Deliveries at once to a destination without a rule: Postfix's limit.</summary>
    internal const int UsualConcurrency = 20;

    /// <summary>Deliveries at once before the first success: Postfix's value, too.</summary>
    internal const int UsualInitial = 5;

    /// <summary>The limits of a destination without a rule.</summary>
    internal static DestinationLimits Usual { get; } = new(UsualConcurrency, UsualInitial);
}
