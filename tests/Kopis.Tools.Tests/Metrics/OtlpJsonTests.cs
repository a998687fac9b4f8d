using System.Text.Json;
using Kopis.Tools.Metrics;

namespace Kopis.Tools.Tests.Metrics;

/// <summary>Metrics as OTLP: what the text format sums up is taken apart.</summary>
public class OtlpJsonTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_796_000_000);

    [Fact]
    public void A_histogram_has_counts_between_its_bounds()
    {
        const string name = MetricCatalog.AttemptTime;
        JsonElement point = Points("histogram",
        [
            new($"{name}_bucket", "channel=\"local\",le=\"0.1\"", 2),
            new($"{name}_bucket", "channel=\"local\",le=\"1\"", 5),
            new($"{name}_bucket", "channel=\"local\",le=\"+Inf\"", 6),
            new($"{name}_sum", "channel=\"local\"", 7.5),
            new($"{name}_count", "channel=\"local\"", 6),
        ]);
        Assert.Equal("6", point.GetProperty("count").GetString());
        Assert.Equal(7.5, point.GetProperty("sum").GetDouble());
        Assert.Equal(
            ["2", "3", "1"],
            point.GetProperty("bucketCounts").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal(
            [0.1, 1],
            point.GetProperty("explicitBounds").EnumerateArray().Select(one => one.GetDouble()));
        JsonElement label = Assert.Single(point.GetProperty("attributes").EnumerateArray());
        Assert.Equal("channel", label.GetProperty("key").GetString());
        Assert.Equal(
            "local", label.GetProperty("value").GetProperty("stringValue").GetString());
    }

    [Fact]
    public void A_counter_begins_with_the_journal_and_a_gauge_does_not()
    {
        JsonElement sum = Points("sum",
        [
            new(MetricCatalog.Accepted, "source=\"smtp\"", 3),
            new(MetricCatalog.JournalStart, "", 1_795_000_000.25),
        ]);
        Assert.Equal("1795000000250000000", sum.GetProperty("startTimeUnixNano").GetString());
        Assert.Equal("1796000000000000000", sum.GetProperty("timeUnixNano").GetString());
        Assert.Equal(3, sum.GetProperty("asDouble").GetDouble());
        JsonElement gauge = Points("gauge", [new(MetricCatalog.QueueRecipients, "", 4)]);
        Assert.False(gauge.TryGetProperty("startTimeUnixNano", out _));
    }

    /// <summary>JSON has no word for them.</summary>
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_number_is_left_out(double value)
    {
        byte[] text = OtlpJson.Of(
            [new MetricSample(MetricCatalog.QueueRecipients, "", value)], "mx.example", "1", Now);
        using JsonDocument document = JsonDocument.Parse(text);
        Assert.Empty(Metrics(document).EnumerateArray());
    }

    private static JsonElement Points(string kind, MetricSample[] samples)
    {
        using JsonDocument document =
            JsonDocument.Parse(OtlpJson.Of(samples, "mx.example", "1", Now));
        return Metrics(document).EnumerateArray().First(one => one.TryGetProperty(kind, out _))
            .GetProperty(kind).GetProperty("dataPoints").EnumerateArray().Single().Clone();
    }

    private static JsonElement Metrics(JsonDocument document) => document.RootElement
        .GetProperty("resourceMetrics")[0].GetProperty("scopeMetrics")[0].GetProperty("metrics");
}
