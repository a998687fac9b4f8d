namespace Kopis.Tools.Metrics;

/// <summary>One metric with all of its labels.</summary>
/// <param name="Name">Its name; counters end in <c>_total</c>.</param>
/// <param name="Kind">The kind of its value.</param>
/// <param name="Help">What it measures: one line without backslashes.</param>
public sealed record MetricFamily(string Name, MetricKind Kind, string Help)
{
    private static readonly string[] Parts = ["_bucket", "_sum", "_count"];

    /// <summary>Whether qmail-journal counts it; qmail-journal's samples of other metrics are
    /// ignored.</summary>
    public bool IsOfJournal { get; init; }

    /// <summary>Whether a sample belongs to this metric.</summary>
    public bool Has(string sample) => Kind != MetricKind.Histogram
        ? sample == Name
        : sample.StartsWith(Name, StringComparison.Ordinal)
            && Parts.Contains(sample[Name.Length..]);
}
