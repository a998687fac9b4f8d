using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Server.Filters;

/// <summary><c>milters</c>, and the connections to them.</summary>
internal sealed class FilterSettings
{
    private FilterSettings(IReadOnlyList<MilterPool> pools) => Pools = pools;

    /// <summary>One of each filter, in order.</summary>
    internal IReadOnlyList<MilterPool> Pools { get; }

    /// <summary>Reads the file. A wrong line is an error: mail would go unfiltered.</summary>
    /// <exception cref="ConfigurationException">It cannot be understood.</exception>
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
