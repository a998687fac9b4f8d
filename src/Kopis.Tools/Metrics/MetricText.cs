using System.Globalization;
using System.Text;

namespace Kopis.Tools.Metrics;

/// <summary>Writes and reads the text format of Prometheus, version 0.0.4.</summary>
public static class MetricText
{
    /// <summary>Writes samples of one process as text.</summary>
    public const int BytesMax = 256 * 1024;

    private const int LineBytesMax = 512;
    private const string ValueMarks = "-._+"; // Besides letters and digits.

    /// <summary>Writes lines of samples only, which one process of Kopis sends to another.
    /// </summary>
    internal static byte[] Lines(IEnumerable<MetricSample> samples) =>
        Encoding.ASCII.GetBytes(string.Concat(samples.Select(Line)));

    /// <summary>Writes the whole text: each metric of the catalogue that has samples, with its help
    /// and type.</summary>
    public static byte[] Of(IReadOnlyCollection<MetricSample> samples)
    {
        StringBuilder text = new();
        foreach (MetricFamily family in MetricCatalog.All)
        {
            MetricSample[] own = [.. samples.Where(sample => family.Has(sample.Name))];
            if (own.Length > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"# HELP {family.Name} {family.Help}\n");
                text.Append(CultureInfo.InvariantCulture,
                    $"# TYPE {family.Name} {family.Kind.ToString().ToLowerInvariant()}\n");
                Array.ForEach(own, sample => text.Append(Line(sample)));
            }
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>Reads lines of samples from qmail-journal, whatever its user has written. Lines of
    /// its own metrics count, if their labels have plain values; each counts once. All others are
    /// ignored.</summary>
    internal static List<MetricSample> Parse(ReadOnlySpan<byte> lines)
    {
        HashSet<(string, string)> known = [];
        List<MetricSample> samples = [];
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? lines : lines[..end];
            lines = end < 0 ? [] : lines[(end + 1)..];
            if (line.Length <= LineBytesMax && ParseLine(line) is { } sample
                && known.Add((sample.Name, sample.Labels)))
            {
                samples.Add(sample);
            }
        }

        return samples;
    }

    private static string Line(MetricSample sample)
    {
        string value = sample.Value.ToString("R", CultureInfo.InvariantCulture);
        return sample.Labels.Length == 0 ? $"{sample.Name} {value}\n"
            : $"{sample.Name}{{{sample.Labels}}} {value}\n";
    }

    private static MetricSample? ParseLine(ReadOnlySpan<byte> line)
    {
        string text = Encoding.ASCII.GetString(line);
        int blank = text.IndexOf(' ', StringComparison.Ordinal);
        if (blank <= 0 || !double.TryParse(
            text.AsSpan(blank + 1), NumberStyles.Float, CultureInfo.InvariantCulture,
            out double value) || !double.IsFinite(value))
        {
            return null;
        }

        string head = text[..blank];
        int brace = head.IndexOf('{', StringComparison.Ordinal);
        string name = brace < 0 ? head : head[..brace];
        string? labels = brace < 0 ? "" : head.EndsWith('}') ? head[(brace + 1)..^1] : null;
        return labels is not null && (brace < 0 || labels.Split(',').All(IsLabel))
            && MetricCatalog.All.Any(family => family.IsOfJournal && family.Has(name))
                ? new MetricSample(name, labels, value) : null;
    }

    private static bool IsLabel(string label)
    {
        int equals = label.IndexOf("=\"", StringComparison.Ordinal);
        return equals > 0 && label.Length >= equals + 3 && label[^1] == '"'
            && label[..equals].All(char.IsAsciiLetterLower)
            && label[(equals + 2)..^1].All(c => char.IsAsciiLetterOrDigit(c)
                || ValueMarks.Contains(c, StringComparison.Ordinal));
    }
}
