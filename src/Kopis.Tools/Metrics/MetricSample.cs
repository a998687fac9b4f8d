namespace Kopis.Tools.Metrics;

/// <summary>One value.</summary>
/// <param name="Name">The metric, and for a histogram the part of it.</param>
/// <param name="Labels">As in the text format, without braces: <c>channel="local"</c>; may be
/// empty.</param>
/// <param name="Value">It.</param>
public sealed record MetricSample(string Name, string Labels, double Value);
