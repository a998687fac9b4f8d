using System.Globalization;

namespace Kopis.Tools.Metrics;

/// <summary>A histogram for each value of a label. Used by one thread.</summary>
/// <param name="name">The metric, in seconds.</param>
/// <param name="label">Its label.</param>
/// <param name="bounds">Upper bounds in seconds, in ascending order.</param>
internal sealed class HistogramTable(string name, LabelSet label, params double[] bounds)
{
    private const double MillisecondsInSecond = 1000;

    private readonly long[,] _counts = new long[label.Values.Count, bounds.Length + 1];
    private readonly double[] _sums = new double[label.Values.Count];

    /// <summary>Adds a time; a negative one counts as zero.</summary>
    internal void Add(ReadOnlySpan<byte> value, long milliseconds)
    {
        double seconds = Math.Max(0, milliseconds) / MillisecondsInSecond;
        int row = label.IndexOf(value);
        int place = 0;
        while (place < bounds.Length && seconds > bounds[place])
        {
            place++;
        }

        _counts[row, place]++;
        _sums[row] += seconds;
    }

    /// <summary>All histograms as samples. The count of a bound includes those of all lower bounds.
    /// </summary>
    internal IEnumerable<MetricSample> Samples()
    {
        for (int row = 0; row < label.Values.Count; row++)
        {
            string text = label.Text(row);
            long count = 0;
            for (int i = 0; i <= bounds.Length; i++)
            {
                count += _counts[row, i];
                string bound = i == bounds.Length ? "+Inf"
                    : bounds[i].ToString(CultureInfo.InvariantCulture);
                yield return new MetricSample($"{name}_bucket", $"{text},le=\"{bound}\"", count);
            }

            yield return new MetricSample($"{name}_sum", text, _sums[row]);
            yield return new MetricSample($"{name}_count", text, count);
        }
    }
}
