namespace Kopis.Tools.Metrics;

/// <summary>One metric with all of its labels.</summary>
/// <param name="Name">Its name; counters end in <c>_total</c>.</param>
/// <param name="Kind">What its value does.</param>
/// <param name="Help">What it counts: one line without backslashes.</param>
public sealed record MetricFamily(string Name, MetricKind Kind, string Help)
{
    private static readonly string[] Parts = ["_bucket", "_sum", "_count"];

    /// <summary>qmail-journal counts it; what it says of others is not believed.</summary>
    public bool IsOfJournal { get; init; }

    /// <summary>Whether a sample is one of this metric's.</summary>
    public bool Has(string sample) => Kind != MetricKind.Histogram
        ? sample == Name
        : sample.StartsWith(Name, StringComparison.Ordinal)
            && Parts.Contains(sample[Name.Length..]);
}
