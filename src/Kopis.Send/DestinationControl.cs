using Kopis.Config.Maps;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send;

/// <summary>control/destinations, as the scheduler needs it.</summary>
internal sealed class DestinationControl(DestinationRules rules)
{
    private const int MillisecondsInSecond = 1000;

    /// <summary>The rules that count now.</summary>
    internal DestinationRules Rules { get; set; } = rules;

    /// <summary>What a destination may have.</summary>
    internal DestinationLimits Of(string name)
    {
        DestinationRule rule = Rules.Find(name);
        return new DestinationLimits(
            rule.Concurrency, rule.Initial, rule.Rate, rule.RateSeconds * MillisecondsInSecond,
            rule.Recipients);
    }
}
