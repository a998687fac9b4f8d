namespace Kopis.Tools.Metrics;

/// <summary>What a metric's value does (Prometheus, metric types).</summary>
public enum MetricKind : byte
{
    /// <summary>It grows until its process starts anew.</summary>
    Counter,

    /// <summary>It goes up and down.</summary>
    Gauge,

    /// <summary>Counts by upper bound, with their sum.</summary>
    Histogram,
}
