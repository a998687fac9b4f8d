namespace Kopis.Tools.Metrics;

/// <summary>A counter for each combination of the labels' values. Used by one thread.</summary>
/// <param name="name">The metric.</param>
/// <param name="showsZeros">Whether to write all combinations, or only those that are not zero.
/// </param>
/// <param name="labels">At most two.</param>
internal sealed class CounterTable(string name, bool showsZeros, params LabelSet[] labels)
{
    private const long AmountMax = 1L << 40; // Limits what one record can add.

    private readonly long[] _counts =
        new long[labels.Aggregate(1, (n, set) => n * set.Values.Count)];

    /// <summary>Adds to the counter of a combination of values.</summary>
    internal void Add(
        long amount, ReadOnlySpan<byte> first = default, ReadOnlySpan<byte> second = default)
    {
        int at = labels.Length > 0 ? labels[0].IndexOf(first) : 0;
        at = labels.Length > 1 ? (at * labels[1].Values.Count) + labels[1].IndexOf(second) : at;
        _counts[at] += Math.Clamp(amount, 0, AmountMax);
    }

    /// <summary>All counters as samples.</summary>
    internal IEnumerable<MetricSample> Samples()
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            if (showsZeros || _counts[i] != 0)
            {
                yield return new MetricSample(name, Labels(i), _counts[i]);
            }
        }
    }

    private string Labels(int at) => labels.Length switch
    {
        0 => "",
        1 => labels[0].Text(at),
        _ => labels[0].Text(at / labels[1].Values.Count) + ","
            + labels[1].Text(at % labels[1].Values.Count),
    };
}
