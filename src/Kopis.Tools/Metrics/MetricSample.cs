namespace Kopis.Tools.Metrics;

/// <summary>One sample of a metric.</summary>
/// <param name="Name">The metric's name, with a suffix for a part of a histogram.</param>
/// <param name="Labels">The labels in the text format, without braces: <c>channel="local"</c>; may
/// be empty.</param>
/// <param name="Value">The value.</param>
public sealed record MetricSample(string Name, string Labels, double Value);
