using Kopis.Tools.Metrics;

namespace Kopis.Tools.Tests.Metrics;

public sealed class TableTests
{
    private static readonly LabelSet Channels = new("channel", "local", "remote");

    [Fact]
    public void A_counter_counts_by_two_labels()
    {
        CounterTable table = new("n", true, Channels, new LabelSet("result", "ok", "other"));
        table.Add(2, "remote"u8, "ok"u8);
        table.Add(1, "local"u8, "nonsense"u8);
        Assert.Equal(
            [
                new MetricSample("n", "channel=\"local\",result=\"ok\"", 0),
                new MetricSample("n", "channel=\"local\",result=\"other\"", 1),
                new MetricSample("n", "channel=\"remote\",result=\"ok\"", 2),
                new MetricSample("n", "channel=\"remote\",result=\"other\"", 0),
            ],
            table.Samples());
    }

    [Fact]
    public void A_counter_never_falls()
    {
        CounterTable table = new("n", true);
        table.Add(5);
        table.Add(-3);
        table.Add(long.MinValue);
        Assert.Equal(5, Assert.Single(table.Samples()).Value);
        table.Add(long.MaxValue);
        table.Add(long.MaxValue);
        Assert.True(Assert.Single(table.Samples()).Value > 5);
    }

    [Fact]
    public void One_that_shows_no_zeros_has_what_has_counted()
    {
        CounterTable table = new("n", false, Channels);
        Assert.Empty(table.Samples());
        table.Add(1, "remote"u8);
        Assert.Equal("channel=\"remote\"", Assert.Single(table.Samples()).Labels);
    }

    [Fact]
    public void A_bound_counts_what_is_not_over_it()
    {
        HistogramTable table = new("h", new LabelSet("channel", "local"), 0.01, 1);
        foreach (long milliseconds in (long[])[-5, 10, 11, 1000, 1001])
        {
            table.Add("local"u8, milliseconds);
        }

        Assert.Equal(
            [
                ("h_bucket", "channel=\"local\",le=\"0.01\"", 2),
                ("h_bucket", "channel=\"local\",le=\"1\"", 4),
                ("h_bucket", "channel=\"local\",le=\"+Inf\"", 5),
                ("h_sum", "channel=\"local\"", 2.022),
                ("h_count", "channel=\"local\"", 5),
            ],
            table.Samples().Select(one => (one.Name, one.Labels, Math.Round(one.Value, 6))));
    }
}
