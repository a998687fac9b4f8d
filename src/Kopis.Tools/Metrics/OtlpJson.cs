using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Kopis.Tools.Metrics;

/// <summary>Metrics as a request of OTLP 1.x, ExportMetricsServiceRequest, in its JSON encoding:
/// 64-bit numbers are strings, and enumerations are numbers. No I/O.</summary>
public static class OtlpJson
{
    private const int Cumulative = 2; // AGGREGATION_TEMPORALITY_CUMULATIVE
    private const string Infinity = "+Inf";

    /// <summary>Makes the request.</summary>
    /// <param name="samples">The samples to send.</param>
    /// <param name="host">The host's name.</param>
    /// <param name="version">The program's version.</param>
    /// <param name="now">When the samples were taken.</param>
    public static byte[] Of(
        IReadOnlyCollection<MetricSample> samples, string host, string version, DateTimeOffset now)
    {
        ArrayBufferWriter<byte> text = new();
        using Utf8JsonWriter json = new(text);
        json.WriteStartObject();
        json.WriteStartArray("resourceMetrics");
        json.WriteStartObject();
        json.WriteStartObject("resource");
        WriteAttributes(json,
            [("service.name", "kopis"), ("service.version", version), ("host.name", host)]);
        json.WriteEndObject();
        json.WriteStartArray("scopeMetrics");
        json.WriteStartObject();
        json.WriteStartObject("scope");
        json.WriteString("name", "kopis");
        json.WriteEndObject();
        json.WriteStartArray("metrics");
        double? began =
            samples.FirstOrDefault(one => one.Name == MetricCatalog.JournalStart)?.Value;
        foreach (MetricFamily family in MetricCatalog.All)
        {
            MetricSample[] own = [.. samples.Where(
                one => family.Has(one.Name) && double.IsFinite(one.Value))];
            if (own.Length > 0)
            {
                WriteMetric(
                    json, family, own, family.IsOfJournal ? Nanoseconds(began) : null,
                    Nanoseconds(now.ToUnixTimeMilliseconds() / 1000.0)!);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return text.WrittenSpan.ToArray();
    }

    private static void WriteMetric(
        Utf8JsonWriter json, MetricFamily family, MetricSample[] samples, string? began,
        string now)
    {
        json.WriteStartObject();
        json.WriteString("name", family.Name);
        json.WriteString("description", family.Help);
        json.WriteStartObject(family.Kind switch
        {
            MetricKind.Counter => "sum",
            MetricKind.Histogram => "histogram",
            _ => "gauge",
        });
        if (family.Kind != MetricKind.Gauge)
        {
            json.WriteNumber("aggregationTemporality", Cumulative);
        }

        if (family.Kind == MetricKind.Counter)
        {
            json.WriteBoolean("isMonotonic", true);
        }

        json.WriteStartArray("dataPoints");
        if (family.Kind == MetricKind.Histogram)
        {
            foreach (IGrouping<string, MetricSample> one in samples.GroupBy(
                sample => string.Join(',', Labels(sample).Where(label => label.Name != "le")
                    .Select(label => $"{label.Name}=\"{label.Value}\""))))
            {
                WriteHead(json, one.Key, began, now);
                WriteBuckets(json, family.Name, [.. one]);
                json.WriteEndObject();
            }
        }
        else
        {
            foreach (MetricSample sample in samples)
            {
                WriteHead(
                    json, sample.Labels, family.Kind == MetricKind.Counter ? began : null, now);
                json.WriteNumber("asDouble", sample.Value);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, string labels, string? began, string now)
    {
        json.WriteStartObject();
        WriteAttributes(json, Labels(labels));
        if (began is not null)
        {
            json.WriteString("startTimeUnixNano", began);
        }

        json.WriteString("timeUnixNano", now);
    }

    /// <summary>In the text format a bucket counts everything below its bound, in OTLP only what
    /// lies between two bounds.</summary>
    private static void WriteBuckets(Utf8JsonWriter json, string name, MetricSample[] samples)
    {
        (double Bound, double Count)[] buckets = [.. samples
            .Where(one => one.Name == $"{name}_bucket")
            .Select(one => (BoundOf(one), one.Value)).OrderBy(one => one.Item1)];
        double all = samples.FirstOrDefault(one => one.Name == $"{name}_count")?.Value ?? 0;
        json.WriteString("count", Whole(all));
        json.WriteNumber(
            "sum", samples.FirstOrDefault(one => one.Name == $"{name}_sum")?.Value ?? 0);
        json.WriteStartArray("bucketCounts");
        double below = 0;
        foreach ((_, double count) in buckets)
        {
            json.WriteStringValue(Whole(count - below));
            below = count;
        }

        json.WriteEndArray();
        json.WriteStartArray("explicitBounds");
        foreach ((double bound, _) in buckets.Where(one => double.IsFinite(one.Bound)))
        {
            json.WriteNumberValue(bound);
        }

        json.WriteEndArray();
    }

    private static double BoundOf(MetricSample sample)
    {
        string text = Labels(sample).First(label => label.Name == "le").Value;
        return text == Infinity ? double.PositiveInfinity
            : double.Parse(text, CultureInfo.InvariantCulture);
    }

    private static void WriteAttributes(
        Utf8JsonWriter json, IEnumerable<(string Name, string Value)> attributes)
    {
        json.WriteStartArray("attributes");
        foreach ((string name, string value) in attributes)
        {
            json.WriteStartObject();
            json.WriteString("key", name);
            json.WriteStartObject("value");
            json.WriteString("stringValue", value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static IEnumerable<(string Name, string Value)> Labels(MetricSample sample) =>
        Labels(sample.Labels);

    // The values are ours: they contain no commas, quotes or backslashes.
    private static IEnumerable<(string Name, string Value)> Labels(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(label =>
        {
            int equals = label.IndexOf('=', StringComparison.Ordinal);
            return (label[..equals], label[(equals + 1)..].Trim('"'));
        });

    private static string Whole(double count) =>
        Math.Max(0, count).ToString("F0", CultureInfo.InvariantCulture);

    private static string? Nanoseconds(double? seconds) => seconds is { } known
        ? ((long)(Math.Clamp(known, 0, uint.MaxValue) * 1000)).ToString(
            CultureInfo.InvariantCulture) + "000000"
        : null;
}
