using Kopis.Web.Live;

namespace Kopis.Web.Tests;

/// <summary>What the plots show.</summary>
public sealed class RatesTests
{
    private static readonly DateTimeOffset Now =
        DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private readonly Rates _rates = new();

    [Fact]
    public void Events_are_counted_in_their_step_and_the_step_that_runs_is_not_shown()
    {
        _rates.Add(Rate.Received, Now);
        _rates.Add(Rate.Received, Now.AddSeconds(4));
        _rates.Add(Rate.Failed, Now.AddSeconds(4));
        Assert.Equal(0, _rates.Of(Rate.Received, Now.AddSeconds(4)).Sum());
        long[] counts = _rates.Of(Rate.Received, Now.AddSeconds(5));
        Assert.Equal((2, 2), (counts[^1], counts.Sum()));
        Assert.Equal(1, _rates.Of(Rate.Failed, Now.AddSeconds(5)).Sum());
    }

    [Fact]
    public void What_is_older_than_the_plot_is_forgotten()
    {
        _rates.Add(Rate.Received, Now);
        DateTimeOffset end = Now.AddSeconds(Rates.Steps * Rates.StepSeconds);
        Assert.Equal(1, _rates.Of(Rate.Received, end)[0]);
        Assert.Equal(0, _rates.Of(Rate.Received, end.AddSeconds(5)).Sum());
        _rates.Add(Rate.Received, end);
        _rates.Add(Rate.Received, Now); // Late: its place is another step's by now.
        Assert.Equal(1, _rates.Of(Rate.Received, end.AddSeconds(5)).Sum());
    }

    [Fact]
    public void An_event_of_before_1970_is_not_counted()
    {
        for (int second = 1; second < 1000; second += 7)
        {
            _rates.Add(Rate.Received, DateTimeOffset.UnixEpoch.AddSeconds(-second));
        }

        Assert.Equal(0, _rates.Of(Rate.Received, DateTimeOffset.UnixEpoch).Sum());
    }

    [Theory]
    [InlineData(long.MinValue, "0001-01-01 00:00:00")]
    [InlineData(long.MaxValue, "9999-12-31 23:59:59")]
    [InlineData(253_402_300_800, "9999-12-31 23:59:59")]
    [InlineData(-1, "1969-12-31 23:59:59")]
    public void A_time_that_no_calendar_has_is_shown_as_its_end(long seconds, string shown) =>
        Assert.Equal(shown, Html.Shown.Time(seconds));
}
