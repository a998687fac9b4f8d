using System.Text;
using Kopis.Tools.Metrics;

namespace Kopis.Tools.Tests.Metrics;

public sealed class MetricTextTests
{
    [Fact]
    public void Each_metric_has_help_and_type_once_and_its_samples_stand_together()
    {
        string text = Encoding.ASCII.GetString(MetricText.Of(
        [
            new MetricSample(MetricCatalog.Running, "channel=\"local\"", 1),
            new MetricSample(MetricCatalog.Build, "version=\"1.2.3\"", 1),
            new MetricSample(MetricCatalog.Running, "channel=\"remote\"", 2.5),
            new MetricSample("unknown", "", 7),
        ]));
        Assert.Equal(
            """
            # HELP kopis_build_info The version of the program that answers.
            # TYPE kopis_build_info gauge
            kopis_build_info{version="1.2.3"} 1
            # HELP kopis_deliveries_running Deliveries that run.
            # TYPE kopis_deliveries_running gauge
            kopis_deliveries_running{channel="local"} 1
            kopis_deliveries_running{channel="remote"} 2.5

            """,
            text);
    }

    [Fact]
    public void What_is_written_reads_the_same()
    {
        MetricSample[] samples =
        [
            new(MetricCatalog.Ended, "", 12),
            new("kopis_attempt_duration_seconds_bucket", "channel=\"local\",le=\"+Inf\"", 3),
            new("kopis_attempt_duration_seconds_sum", "channel=\"local\"", 0.125),
            new(MetricCatalog.JournalStart, "", 1796036400.123),
        ];
        Assert.Equal(samples, MetricText.Parse(MetricText.Lines(samples)));
    }

    /// <summary>Whoever has taken over qmail-journal gets no word of his into what others read.
    /// </summary>
    [Theory]
    [InlineData("")]
    [InlineData("kopis_ended_messages_total")]
    [InlineData("kopis_up{part=\"qmail-send\"} 1")] // Another's.
    [InlineData("kopis_ended_messages_total 7")] // Said already.
    [InlineData("evil 1")] // Not of the catalogue.
    [InlineData("kopis_logins_total_bucket{part=\"a\"} 1")]
    [InlineData("kopis_logins_total{part=\"a\" 1")]
    [InlineData("kopis_logins_total{part=\"a b\"} 1")]
    [InlineData("kopis_logins_total{part=\"a\\\"\"} 1")]
    [InlineData("kopis_logins_total{PART=\"a\"} 1")]
    [InlineData("kopis_logins_total{part=\"a\"}} 1")]
    [InlineData("kopis_logins_total{part=\"a\",} 1")]
    [InlineData("kopis_logins_total{part=\"<b>\"} 1")]
    [InlineData("kopis_logins_total{} 1")]
    [InlineData("kopis_logins_total{ 1")]
    [InlineData("} 1")]
    [InlineData(" 1")]
    [InlineData("kopis_queued_messages_total NaN")]
    [InlineData("kopis_queued_messages_total +Inf")]
    [InlineData("kopis_queued_messages_total 1 2")]
    [InlineData("kopis_logins_total{part=\"\u001b[2J\"} 1")]
    public void A_line_that_is_no_sample_is_passed_over(string line) => Assert.Equal(
        [new MetricSample(MetricCatalog.Ended, "", 1)],
        MetricText.Parse(Encoding.UTF8.GetBytes($"kopis_ended_messages_total 1\n{line}\n")));

    [Fact]
    public void A_long_line_is_passed_over() => Assert.Empty(MetricText.Parse(
        Encoding.ASCII.GetBytes($"kopis_logins_total{{part=\"{new string('a', 600)}\"}} 1\n")));

    [Fact]
    public void Names_are_as_Prometheus_wants_them()
    {
        Assert.Equal(
            MetricCatalog.All.Count, MetricCatalog.All.Select(one => one.Name).Distinct().Count());
        Assert.All(MetricCatalog.All, one =>
        {
            Assert.Matches("^kopis_[a-z_]+$", one.Name);
            Assert.Equal(
                one.Kind == MetricKind.Counter,
                one.Name.EndsWith("_total", StringComparison.Ordinal));
            Assert.DoesNotContain('\\', one.Help);
        });
    }

    [Fact]
    public void A_page_lists_every_metric()
    {
        string page = File.ReadAllText(Path.Combine(Root(), "docs/MONITORING.md"));
        Assert.All(MetricCatalog.All, one => Assert.Contains($"`{one.Name}`", page));
    }

    private static string Root()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Directory.Packages.props")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }
}
