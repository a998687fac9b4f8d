using Kopis.Base;
using Kopis.Testing;

namespace Kopis.Net.Tests;

/// <summary>A few lines of a cause, then their number.</summary>
public sealed class LogThrottleTests
{
    private readonly ManualTime _time = new();
    private readonly List<string> _lines = [];
    private readonly LogThrottle _log;

    public LogThrottleTests() => _log = new LogThrottle(_lines.Add, _time);

    [Fact]
    public void A_flood_is_a_few_lines_and_a_number()
    {
        Flood(100_000);
        Assert.Equal(["x 0", "x 1", "x 2", "x 3", "x 4"], _lines);
        _time.Advance(LogThrottle.Period);
        Assert.Equal("x: 99995 more in the last minute", _lines[^1]);
        Flood(1);
        Assert.Equal(7, _lines.Count);
        Assert.Equal("x 0", _lines[^1]);
    }

    [Fact]
    public void What_is_rare_is_logged_in_full()
    {
        for (int i = 0; i < 20; i++)
        {
            Flood(LogThrottle.LinesMax);
            _time.Advance(LogThrottle.Period);
        }

        Assert.Equal(20 * LogThrottle.LinesMax, _lines.Count);
        Assert.DoesNotContain(_lines, line => line.Contains("more", StringComparison.Ordinal));
    }

    [Fact]
    public void Causes_do_not_hide_each_other()
    {
        Flood(100);
        _log.Write("y", "another");
        Assert.Equal("another", _lines[^1]);
    }

    [Fact]
    public void The_number_comes_when_the_minute_ends_not_a_minute_after_the_flood()
    {
        Flood(1);
        _time.Advance(LogThrottle.Period / 2);
        Flood(10);
        _time.Advance(LogThrottle.Period / 2);
        Assert.Equal("x: 6 more in the last minute", _lines[^1]);
    }

    private void Flood(int lines)
    {
        for (int i = 0; i < lines; i++)
        {
            _log.Write("x", $"x {i}");
        }
    }
}
