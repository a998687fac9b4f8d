namespace Kopis.Tools.Metrics;

/// <summary>How a metric's value behaves (Prometheus, metric types).</summary>
public enum MetricKind : byte
{
    /// <summary>The value grows until its process restarts.</summary>
    Counter,

    /// <summary>The value goes up and down.</summary>
    Gauge,

    /// <summary>Counts by upper bound, with the sum.</summary>
    Histogram,
}
