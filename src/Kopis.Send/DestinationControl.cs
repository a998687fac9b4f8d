using Kopis.Config.Maps;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send;

/// <summary>control/destinations, as the scheduler needs it.</summary>
internal sealed class DestinationControl(DestinationRules rules)
{
    private const int MillisecondsInSecond = 1000;

    /// <summary>The rules that count now.</summary>
    internal DestinationRules Rules { get; set; } = rules;

    /// <summary>What a destination may have. A relay or LMTP server without a line of its own may
    /// have all slots: it is the administrator's.</summary>
    internal DestinationLimits Of(string name, int slots)
    {
        DestinationRule rule = Rules.Find(name);
        bool isOwn = name.StartsWith("relay ", StringComparison.Ordinal)
            || name.StartsWith("lmtp ", StringComparison.Ordinal);
        int concurrency = isOwn && rule.Concurrency == DestinationRule.Default.Concurrency
            ? slots : rule.Concurrency;
        return new DestinationLimits(
            concurrency, rule.Initial, rule.Rate, rule.RateSeconds * MillisecondsInSecond);
    }
}
