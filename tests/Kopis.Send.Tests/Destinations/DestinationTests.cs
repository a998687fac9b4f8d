using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>Window, rate, pauses and health of one destination.</summary>
public class DestinationTests
{
    private const long T = 1_700_000_000_000;

    private readonly Destination _destination = new("mx.example", DestinationLimits.Usual);

    [Fact]
    public void The_window_begins_small_and_grows_with_each_success_to_its_limit()
    {
        Assert.Equal(DestinationLimits.UsualInitial, Fill(T));
        for (int i = 0; i < 40; i++)
        {
            End(AttemptKind.Answered, T, T + 100);
        }

        Assert.Equal(DestinationLimits.UsualConcurrency, _destination.Window);
    }

    [Fact]
    public void Trouble_halves_it_once_for_all_that_were_under_way_together()
    {
        Grow();
        Fill(T);
        for (int i = 0; i < 10; i++)
        {
            End(AttemptKind.Busy, T, T + 100 + i);
        }

        Assert.Equal(DestinationLimits.UsualConcurrency / 2, _destination.Window);

        // Begun after: that is news.
        End(AttemptKind.Busy, T + 200, T + 300);
        Assert.Equal(DestinationLimits.UsualConcurrency / 4, _destination.Window);
        for (int i = 0; i < 20; i++)
        {
            _destination.Start(T + (1000 * i) + 400);
            End(AttemptKind.Busy, T + (1000 * i) + 400, T + (1000 * i) + 500);
        }

        Assert.Equal(1, _destination.Window); // The floor.
    }

    [Fact]
    public void It_gets_no_more_recipients_of_a_message_than_it_takes_for_a_day()
    {
        Assert.Equal(100, _destination.RecipientsAt(T));
        _destination.HaveFewerRecipients(7, T + 86_400_000, 100, T);
        Assert.Equal(7, _destination.RecipientsAt(T));
        _destination.HaveFewerRecipients(9, T + 86_400_000, 100, T + 1); // Begun before that.
        Assert.Equal(7, _destination.RecipientsAt(T + 86_399_999));
        Assert.Equal(100, _destination.RecipientsAt(T + 86_400_000));
        _destination.HaveFewerRecipients(9, T + (2 * 86_400_000), 100, T + 86_400_000);
        _destination.SetLimits(DestinationLimits.Usual with { Recipients = 5 });
        Assert.Equal(5, _destination.RecipientsAt(T + 86_400_000));
        _destination.SetLimits(DestinationLimits.Usual with { Recipients = 50 });
        Assert.Equal(9, _destination.RecipientsAt(T + 86_400_000));
        _destination.Retry(T - 1000); // The clock went back.
        Assert.Equal(50, _destination.RecipientsAt(T - 1000 + 86_400_000));
    }

    [Fact]
    public void A_delivery_that_was_many_messages_counts_as_many()
    {
        Destination destination = new("mx.example", new DestinationLimits(20, 5, 10, 1000));
        destination.Start(T);
        destination.HaveFewerRecipients(10, T + 86_400_000, 100, T);
        destination.End(AttemptKind.Answered, T, [], T + 1);

        // Ten messages are nine tenths of a second's worth, and one tenth.
        Assert.InRange(destination.StartAt(T + 1), T + 1000, T + 1200);
    }

    [Fact]
    public void Above_the_threshold_it_grows_by_one_for_a_window_of_successes()
    {
        Grow();
        _destination.Start(T);
        End(AttemptKind.Busy, T, T + 1);
        int half = _destination.Window;
        for (int i = 0; i < half; i++)
        {
            _destination.Start(T + 2);
            End(AttemptKind.Answered, T + 2, T + 3);
        }

        Assert.InRange(_destination.Window, half, half + 1);
    }

    [Fact]
    public void Attempts_under_way_together_are_one_failure_and_three_in_a_row_are_death()
    {
        Fill(T);
        for (int i = 0; i < 5; i++)
        {
            End(AttemptKind.Unreachable, T, T + 1000 + i);
        }

        Assert.Equal(DestinationHealth.Suspect, _destination.Health);
        long now = T + 2000;
        for (int i = 0; i < 2; i++, now += 1000)
        {
            Assert.Equal(1, Fill(now)); // One at a time.
            End(AttemptKind.Unreachable, now, now + 500);
        }

        Assert.Equal(DestinationHealth.Dead, _destination.Health);
        long interval = Destination.ProbeFirst;
        now = _destination.ProbeAt;
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(0, Fill(now - 1));
            Assert.Equal(1, Fill(now));
            Assert.False(End(AttemptKind.Unreachable, now, now + 10));
            interval = Math.Min(2 * interval, Destination.ProbeLongest);
            Assert.Equal(now + 10 + interval, _destination.ProbeAt);
            now = _destination.ProbeAt;
        }

        Fill(now);
        Assert.True(End(AttemptKind.Answered, now, now + 10));
        Assert.Equal(DestinationHealth.Up, _destination.Health);
        Assert.InRange(Fill(now + 11), 5, 6);
    }

    [Fact]
    public void What_replies_ask_for_counts_for_its_time()
    {
        Grow();
        _destination.HaveFewer(2, T + 10_000);
        Assert.Equal(2, Fill(T));
        End(AttemptKind.Answered, T, T);
        End(AttemptKind.Answered, T, T);
        _destination.PauseUntil(T + 5000);
        Assert.Equal(0, Fill(T + 4999));
        Assert.Equal(T + 5000, _destination.StartAt(T + 4999));
        Assert.Equal(2, Fill(T + 5000));
        Assert.Equal(18, Fill(T + 10_000));
    }

    [Fact]
    public void A_rate_for_a_while_spreads_what_starts()
    {
        Grow();
        _destination.SlowDown(6, T + 60_000, T);
        int started = 0;
        for (long now = T; now < T + 60_000; now += 100)
        {
            int got = Fill(now);
            started += got;
            for (int i = 0; i < got; i++)
            {
                End(AttemptKind.Answered, now, now + 10);
            }
        }

        Assert.InRange(started, 5, 6);
        Assert.True(Fill(T + 60_000) > 6);
    }

    [Theory]
    [InlineData(1, 1000), InlineData(10, 1000)]
    [InlineData(100, 60_000), InlineData(1000, 3_600_000)]
    public void A_rate_is_kept_in_every_period_and_nine_tenths_of_it_are_used(
        int count, long period)
    {
        RateLimiter rate = new(count, period);
        List<long> starts = [];
        long step = Math.Max(1, period / count / 20);
        for (long now = T; now < T + (5 * period); now += step)
        {
            // A rest in the middle: what was saved by it must not be too much either.
            bool rests = now > T + (2 * period) && now < T + (2 * period) + (period / 2);
            while (!rests && rate.At <= now)
            {
                rate.Start(now);
                starts.Add(now);
            }
        }

        int first = 0;
        int most = 0;
        for (int i = 0; i < starts.Count; i++)
        {
            while (starts[i] - starts[first] >= period)
            {
                first++;
            }

            most = Math.Max(most, i - first + 1);
        }

        Assert.InRange(most, 1, count);
        Assert.InRange(starts.Count, (int)(4.5 * 0.85 * count), 5 * count);
    }

    [Fact]
    public void An_administrator_holds_it_and_lets_it_go_on()
    {
        _destination.IsHeld = true;
        Assert.Equal(long.MaxValue, _destination.StartAt(T));
        _destination.IsHeld = false;
        Assert.True(_destination.StartAt(T) <= T);
    }

    private int Fill(long now)
    {
        int started = 0;
        for (; _destination.StartAt(now) <= now; started++)
        {
            _destination.Start(now);
        }

        return started;
    }

    private bool End(AttemptKind kind, long startedAt, long now) =>
        _destination.End(kind, startedAt, "said\n"u8.ToArray(), now);

    private void Grow()
    {
        for (int i = 0; i < 40; i++)
        {
            _destination.Start(T - 1000);
            End(AttemptKind.Answered, T - 1000, T - 900);
        }
    }
}
