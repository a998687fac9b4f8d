namespace Kopis.Net.Tests;

public sealed class TimeLimitTests
{
    [Fact]
    public async Task An_operation_ends_in_time_and_the_next_has_a_limit_of_its_own()
    {
        using TimeLimit limit = new();
        CancellationToken first = limit.Begin(CancellationToken.None);
        limit.Start(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAsync<TaskCanceledException>(
            () => Task.Delay(Timeout.Infinite, first));
        limit.End();
        CancellationToken second = limit.Begin(CancellationToken.None);
        Assert.False(second.IsCancellationRequested);
        limit.Start(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAsync<TaskCanceledException>(
            () => Task.Delay(Timeout.Infinite, second));
    }

    [Fact]
    public void Who_waits_can_be_told_to_stop_while_the_operation_runs_and_no_longer()
    {
        using TimeLimit limit = new();
        using CancellationTokenSource stop = new();
        CancellationToken past = limit.Begin(stop.Token);
        limit.End();
        using CancellationTokenSource other = new();
        CancellationToken now = limit.Begin(other.Token);
        stop.Cancel();
        Assert.False(now.IsCancellationRequested || past.IsCancellationRequested);
        other.Cancel();
        Assert.True(now.IsCancellationRequested);
    }
}
