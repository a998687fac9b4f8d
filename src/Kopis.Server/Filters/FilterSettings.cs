using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Server.Filters;

/// <summary>The filters of <c>milters</c>, with their connections.</summary>
internal sealed class FilterSettings
{
    private FilterSettings(IReadOnlyList<MilterPool> pools) => Pools = pools;

    /// <summary>A pool for each filter, in order.</summary>
    internal IReadOnlyList<MilterPool> Pools { get; }

    /// <summary>Reads the file. A faulty line is an error, since mail would go unfiltered.
    /// </summary>
    /// <exception cref="ConfigurationException">The file cannot be parsed.</exception>
    internal static FilterSettings Load(ControlDirectory control, TimeProvider time)
    {
        List<MilterPool> pools = [];
        IReadOnlyList<string>? faults = control.ReadLines(
            FilterFiles.Milters,
            line =>
            {
                if (!FilterRule.TryParse(line, out FilterRule? rule))
                {
                    return false;
                }

                pools.Add(new MilterPool(rule, time));
                return true;
            },
            "inet:ADDRESS:PORT or unix:PATH and known words");
        return faults is { Count: > 0 } ? throw control.Bad(FilterFiles.Milters, faults)
            : new FilterSettings(pools);
    }
}
