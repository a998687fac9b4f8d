using Kopis.Host.Run;

namespace Kopis.Host.Tests.Run;

public sealed class BackoffTests
{
    [Fact]
    public void Waits_double_up_to_five_seconds_and_are_short_again_after_a_good_run()
    {
        Backoff backoff = new();
        double[] waits = [.. Enumerable.Range(0, 9).Select(
            _ => backoff.After(TimeSpan.FromSeconds(1)).TotalSeconds)];
        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5], waits);
        Assert.Equal(0.1, backoff.After(TimeSpan.FromSeconds(10)).TotalSeconds);
        Assert.Equal(0.2, backoff.After(TimeSpan.Zero).TotalSeconds);
    }
}
