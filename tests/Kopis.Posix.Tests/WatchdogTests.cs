using System.Collections.Concurrent;

namespace Kopis.Posix.Tests;

public sealed class WatchdogTests
{
    private static readonly WatchTimes Fast = new()
    {
        LookPause = TimeSpan.FromMilliseconds(5),
        ReportAfter = TimeSpan.FromMilliseconds(50),
        QuietTime = TimeSpan.FromMilliseconds(50),
        EndAfter = TimeSpan.FromMinutes(1),
    };

    private readonly BlockingCollection<string> _reports = [];
    private readonly TaskCompletionSource _ended = new();

    [Fact]
    public void A_turn_that_does_not_end_is_reported_again_and_again_and_its_end_too()
    {
        Watchdog watch = new(_reports.Add, End, Fast);

        watch.Begin();

        Assert.Matches("^alert: no answer for [0-9]+ s: it", Next());
        Assert.Matches("^alert: no answer for [0-9]+ s: it", Next());
        watch.End();
        string last;
        do
        {
            last = Next();
        }
        while (last.Contains("alert", StringComparison.Ordinal));

        Assert.Equal("status: answers again", last);
    }

    [Fact]
    public void Turns_that_end_are_not_reported()
    {
        Watchdog watch = new(_reports.Add, End, Fast with
        {
            ReportAfter = TimeSpan.FromMinutes(1),
        });
        for (int i = 0; i < 100; i++)
        {
            watch.Begin();
            Thread.Yield();
            watch.End();
        }

        Watchdog other = new(_reports.Add, End, Fast);
        other.Begin();

        Assert.Contains("no answer", Next()); // The other's: its watch has looked meanwhile.
    }

    [Fact]
    public async Task A_thread_that_waits_for_what_does_not_come_ends_the_process()
    {
        Watchdog watch = new(_reports.Add, End, Fast with
        {
            EndAfter = TimeSpan.FromMilliseconds(200),
        });
        using ManualResetEventSlim never = new();
        new Thread(() =>
        {
            watch.Begin();
            never.Wait();
        })
        { IsBackground = true }.Start();

        await _ended.Task.WaitAsync(
            TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Contains(
            _reports, line => line.EndsWith("it waits; ending", StringComparison.Ordinal));
        never.Set();
    }

    [Fact]
    public void Threads_that_serve_no_socket_are_reported()
    {
        TaskCompletionSource answer = new();
        SocketWatch watch = new(
            () => answer.Task, _reports.Add, End, Fast, goesOn: () => false);

        watch.Touch();

        Assert.EndsWith("its threads do not come round", Next());
        answer.SetResult();
        while (Next() != "status: answers again")
        {
        }
    }

    [Fact]
    public async Task They_are_asked_after_a_touch_and_while_it_goes_on()
    {
        int questions = 0;
        bool goesOn = true;
        SocketWatch watch = new(
            () =>
            {
                Interlocked.Increment(ref questions);
                return Task.CompletedTask;
            },
            _reports.Add, End, Fast, goesOn: () => Volatile.Read(ref goesOn));
        watch.Touch();
        while (Volatile.Read(ref questions) < 3)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Volatile.Write(ref goesOn, false);
        Assert.Empty(_reports);
    }

    private void End() => _ended.TrySetResult();

    private string Next() =>
        _reports.TryTake(out string? line, TimeSpan.FromMinutes(1)) ? line : "nothing";
}
