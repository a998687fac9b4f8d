using System.Text;
using System.Text.Json;
using Kopis.Host.Status;
using Kopis.Queue.Commands;
using Kopis.Tools.Metrics;

namespace Kopis.Host.Tests.Status;

public sealed class StatusTextTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_screen()
    {
        string text = StatusText.Of(Report(), "/home", hasColour: false);
        Assert.StartsWith(
            $"Kopis {HostReport.Version} in /home: DEGRADED\n\n"
            + "Runs         qmail-send           for 2h 0m    1 MiB\n",
            text, StringComparison.Ordinal);
        Assert.Contains("Queue        3 messages, 4 recipients   [kopis queue list]\n", text);
        Assert.Contains(
            "             remote  1 messages, 2 of 20 deliveries run, oldest 1m 40s\n", text);
        Assert.Contains(
            "Last 30m 0s  5 accepted, 0 delivered, 0 deferred, 0 failed, 0 refused, 0 logins   "
            + "[kopis trace --since 1h]\n", text);
        Assert.Contains("Destinations 1 dead   [kopis destinations]\n", text);
        Assert.Contains("             mx.example: dead, 1 of 2 run, 9 wait\n", text);
        Assert.Contains("Certificate  until 2026-12-02, 2d 0h   [kopis doctor]\n", text);
        Assert.Contains("Disk         1 GiB free   [df -h]\n", text);
        Assert.EndsWith(
            "  mx.example is dead: 9 recipients wait\n      kopis destinations mx.example\n",
            text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void A_terminal_has_colours() => Assert.Contains(
        "\u001b[33mDEGRADED\u001b[0m", StatusText.Of(Report(), "/home", hasColour: true));

    [Fact]
    public void Json()
    {
        JsonElement json = JsonDocument.Parse(StatusJson.Of(Report(), "/home")).RootElement;
        Assert.Equal("degraded", json.GetProperty("state").GetString());
        Assert.Equal(1, json.GetProperty("exit").GetInt32());
        Assert.Equal(3, json.GetProperty("queue").GetProperty("messages").GetInt32());
        Assert.Equal(
            100, json.GetProperty("queue").GetProperty("remote").GetProperty("oldest_seconds")
                .GetInt32());
        Assert.Equal(5, json.GetProperty("last_hour").GetProperty("accepted").GetInt32());
        Assert.Equal("dead", json.GetProperty("destinations")[0].GetProperty("state").GetString());
        Assert.Equal(2, json.GetProperty("findings").GetArrayLength());
    }

    [Fact]
    public void Health_in_a_line_and_in_json()
    {
        Assert.Equal("DEGRADED: the certificate ends in 2d 0h", Report().HealthLine());
        using MemoryStream text = new();
        Report().WriteHealthJson(text);
        JsonElement json = JsonDocument.Parse(text.ToArray()).RootElement;
        Assert.Equal("note", json.GetProperty("findings")[1].GetProperty("level").GetString());
        Assert.Equal((byte)'\n', text.ToArray()[^1]);
    }

    [Fact]
    public void Rates_are_of_what_changed()
    {
        TopScreen top = new("/home", null, Report());
        Assert.Contains(top.Lines(99, 200), line =>
            line.StartsWith("a second   0.0 accepted", StringComparison.Ordinal));
        top.Add(Report(accepted: 30, seconds: 2));
        string[] lines = [.. top.Lines(99, 200)];
        Assert.Contains(lines, line =>
            line.StartsWith("a second   10.0 accepted", StringComparison.Ordinal));
        Assert.Contains("    1/2           9  dead     mx.example", lines);
        top.Add(Report(accepted: 1, seconds: 3)); // The counters began again.
        Assert.Contains(top.Lines(99, 200), line =>
            line.StartsWith("a second   0.0 accepted", StringComparison.Ordinal));
        Assert.Equal(4, top.Lines(4, 20).Count());
        Assert.All(top.Lines(4, 20), line => Assert.InRange(line.Length, 0, 20));
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(-5, "0s")]
    [InlineData(61, "1m 1s")]
    [InlineData(7200, "2h 0m")]
    [InlineData(90_000, "1d 1h")]
    public void Ages(int seconds, string text) =>
        Assert.Equal(text, StatusWords.Age(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(1e15, "909.5 TiB")]
    public void Sizes(double bytes, string text) => Assert.Equal(text, StatusWords.Bytes(bytes));

    private static HostReport Report(double accepted = 10, int seconds = 0)
    {
        QueueSummary queue = new() { InMemory = 3, Recipients = 4 };
        queue.Remote.Add(100);
        (queue.Remote.Running, queue.Remote.RunningMax) = (2, 20);
        queue.Destinations[(int)DestinationState.Dead] = 1;
        HealthFacts facts = new()
        {
            Now = Now.AddSeconds(seconds),
            Send = PartState.Up,
            Writer = PartState.Up,
            Journal = PartState.Up,
            Processes =
            [
                new HostProcess("qmail-send", 7, Now.AddHours(-2), 1024 * 1024, 1),
                new HostProcess("tcpserver", 8, Now.AddHours(-1), 1024 * 1024, 1),
            ],
            Queue = queue,
            Busy = [new ListedDestination(Encoding.ASCII.GetBytes("mx.example"),
                DestinationState.Dead) { Running = 1, Window = 2, Waiting = 9 }],
            FreeBytes = 1024 * 1024 * 1024,
            CertificateUntil = Now.AddDays(2),
        };
        return new HostReport(facts,
        [
            new MetricSample(MetricCatalog.Hour, "event=\"accepted\"", 5),
            new MetricSample(
                MetricCatalog.JournalStart, "", Now.AddMinutes(-30).ToUnixTimeSeconds()),
            new MetricSample(MetricCatalog.Accepted, "source=\"smtp\"", accepted),
        ]);
    }
}
