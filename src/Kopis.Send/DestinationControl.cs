using Kopis.Config.Maps;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send;

/// <summary>The rules of control/destinations in the form that the scheduler uses.</summary>
internal sealed class DestinationControl(DestinationRules rules)
{
    private const int MillisecondsInSecond = 1000;

    /// <summary>The current rules.</summary>
    internal DestinationRules Rules { get; set; } = rules;

    /// <summary>The limits of a destination.</summary>
    internal DestinationLimits Of(string name)
    {
        DestinationRule rule = Rules.Find(name);
        return new DestinationLimits(
            rule.Concurrency, rule.Initial, rule.Rate, rule.RateSeconds * MillisecondsInSecond,
            rule.Recipients);
    }
}
