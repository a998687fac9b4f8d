using Kopis.Base;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>Whose turn it is at a destination, whatever happened to who had it before.</summary>
public class TurnTests
{
    private const long Lifetime = 604_800;

    private readonly RemoteQueue _queue;
    private readonly Scheduler _scheduler;
    private int _most = DeliveryCommand.BatchMax;
    private ulong _number;
    private long _now = Make.Born;

    public TurnTests()
    {
        _queue = new RemoteQueue(100, asks: false, name =>
            name == "domain rate.example" ? new DestinationLimits(20, 5, 1, 60_000)
            : DestinationLimits.Usual with { Recipients = _most });
        _scheduler = new Scheduler(Lifetime, batch: true, remote: _queue);
    }

    [Fact]
    public void A_pass_that_was_renewed_before_its_time_is_renewed_again()
    {
        _queue.Hold(_queue.Known("domain held.example"), isHeld: true);
        Add(_now, "s@x", "a@held.example", "b@flap.example");
        Report(Next("b@flap.example"), AttemptKind.Unreachable);
        _now += 20;
        Assert.Null(Next());

        // It is back, before the time of the message's next pass.
        _now += 80;
        Add(_now, "t@x", "c@flap.example");
        Report(Next("c@flap.example"), AttemptKind.Answered, Verdict.Delivered);
        Report(Next("b@flap.example"), AttemptKind.Answered);
        _now = Make.Born + 400;
        Assert.Null(Next());
        _now = Make.Born + 900;
        Report(Next("b@flap.example"), AttemptKind.Answered);
        _now = Make.Born + 2500;
        Next("b@flap.example");
    }

    /// <summary>By a word of an administrator, or by the alarm.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public void Who_was_deferred_in_a_pass_that_is_open_is_tried_when_told_to(bool all)
    {
        _queue.Hold(_queue.Known("domain held.example"), isHeld: true);
        WholeMessage message = Add(_now, "s@x", "a@held.example", "b@b.example");
        Report(Next("b@b.example"), AttemptKind.Answered);
        _now += 20;
        Assert.Null(Next());
        if (all)
        {
            _scheduler.AllDueNow(_now);
        }
        else
        {
            _scheduler.DueNow(message, DeliveryChannel.Remote, _now);
            Assert.Equal(0, _scheduler.NextDue(DeliveryChannel.Remote));
        }

        Report(Next("b@b.example"), AttemptKind.Answered);
        Assert.Null(Next());
        Assert.NotEqual(0, _scheduler.NextDue(DeliveryChannel.Remote));
        _now = Make.Born + 1000;
        Next("b@b.example");
    }

    [Fact]
    public void Where_the_clock_went_back_nothing_waits_for_the_time_that_it_had()
    {
        Destination dead = Kill("dead.example");
        _queue.Hold(_queue.Known("domain held.example"), isHeld: true);
        Add(Make.Born - 1000, "s@x", "a@held.example", "b@b.example");
        Report(Next("b@b.example"), AttemptKind.Answered);
        _now += 20;
        Assert.Null(Next());
        _now = Make.Born - 500;
        Add(_now, "t@x", "c@dead.example");
        _scheduler.AllDueNow(_now);
        Assert.True(dead.ProbeAt <= _now * 1000);
        List<string> started = [];
        while (Next() is { } delivery)
        {
            started.AddRange(Make.Addresses(delivery));
        }

        Assert.Contains("b@b.example", started);
        Assert.Equal(1, dead.Running);
    }

    [Fact]
    public void Where_the_clock_went_back_the_log_says_of_a_dead_destination_what_it_did_before()
    {
        Destination dead = Kill("dead.example");
        _queue.PutOffs.Note(dead, 3);
        Assert.Equal((dead, 3), _queue.PutOffs.DequeueTold(_queue.Now));
        _now -= 86_400;
        _scheduler.AllDueNow(_now);
        _queue.PutOffs.Note(dead, 2);
        Assert.Null(_queue.PutOffs.DequeueTold(_queue.Now));
        _now += 60;
        _scheduler.SetTime(_now, 0);
        Assert.Equal((dead, 2), _queue.PutOffs.DequeueTold(_queue.Now));
    }

    [Fact]
    public void A_lane_that_is_empty_when_it_has_its_turn_passes_it_on()
    {
        Destination dead = Kill("dead.example");
        Add(_now - Lifetime - 1000, "s@x", "a@dead.example");
        Add(_now, "t@x", "b@dead.example");
        Assert.Null(Next());
        _now = (dead.ProbeAt / 1000) + 1;
        _scheduler.SetTime(_now, 0); // The turn of who is put off now, for good.
        Delivery putOff = _scheduler.NextPutOff()!;
        Assert.Equal(["a@dead.example"], Make.Addresses(putOff));
        Assert.Equal(Verdict.Failed, _scheduler.Report(putOff, Verdict.Retry));
        Next("b@dead.example");
    }

    [Fact]
    public void Who_was_removed_while_he_waited_uses_no_probe()
    {
        Destination dead = Kill("dead.example");
        WholeMessage removed = Add(_now, "s@x", "a@dead.example");
        Assert.Null(Next());
        _scheduler.Drop(removed, 0);
        long probe = dead.ProbeAt;
        _now = (probe / 1000) + 1;
        Assert.Null(Next());
        Assert.Equal(probe, dead.ProbeAt);
        Add(_now, "t@x", "b@dead.example");
        Next("b@dead.example");
        Assert.Equal(1, dead.Running);
    }

    [Fact]
    public void Who_was_removed_while_he_waited_uses_no_part_of_a_rate()
    {
        Destination paced = _queue.Known("domain rate.example");
        _queue.Hold(paced, isHeld: true);
        WholeMessage removed = Add(_now, "s@x", "a@rate.example");
        Add(_now, "t@x", "b@rate.example");
        Assert.Null(Next());
        _scheduler.Drop(removed, 0);
        _queue.Hold(paced, isHeld: false);
        Next("b@rate.example");
        Assert.True(paced.StartAt(_now * 1000) > _now * 1000);
    }

    [Fact]
    public void A_dead_destination_that_nobody_has_mail_for_is_forgotten_after_a_day()
    {
        Destination dead = Kill("dead.example");
        _queue.Tick((_now * 1000) + 82_800_000);
        Assert.Same(dead, _queue.Find(dead.Name));
        _queue.Tick((_now * 1000) + 90_000_000);
        Assert.Null(_queue.Find(dead.Name));
        Assert.Null(dead.Missed);
    }

    [Fact]
    public void Messages_that_are_finished_do_not_stay_with_a_destination_they_missed()
    {
        Destination dead = Kill("dead.example");
        OriginQueue row = new(1, new OriginUser(1));
        for (int i = 0; i < 1000; i++)
        {
            WholeMessage message = Make.Message((ulong)i, "s@x", "a@dead.example");
            dead.Miss(new Pass(message, row, DeliveryChannel.Remote, 0, isLast: false), 10_000);
            message.IsFinished = true;
        }

        Assert.InRange(dead.Missed!.Count, 1, 200);
    }

    [Fact]
    public void Who_is_put_off_is_so_once_and_a_hundred_at_a_time()
    {
        Destination dead = Kill("dead.example");
        WholeMessage message = Add(
            _now, "s@x", [.. Enumerable.Range(0, 250).Select(i => $"n{i:d3}@dead.example")]);
        for (int looks = 0; looks < 20; looks++)
        {
            Assert.Null(Next());
        }

        List<int> places = [];
        for (int i = 0; i < 10 && _queue.NextPutOff() is { } one; i++)
        {
            Assert.Same(dead, one.Destination);
            Assert.InRange(one.Recipients.Length, 1, 100);
            places.AddRange(one.Recipients);
        }

        Assert.Equal(Enumerable.Range(0, message.Recipients), places);
    }

    /// <summary>Messages of one sender take turns, and a list is looked at in parts.</summary>
    [Theory, InlineData(5, 1), InlineData(20, 1), InlineData(20, 4), InlineData(100, 1)]
    public void Recipients_at_one_domain_go_in_full_transactions(int most, int domains)
    {
        const int lists = 3, each = 100;
        _most = most;
        for (int i = 0; i < lists; i++)
        {
            Add(_now, "s@x", [.. Enumerable.Range(0, each * domains).Select(
                n => $"m{n}@d{n % domains}.example")]);
        }

        List<int> sizes = [];
        HashSet<(QueuedMessage, int)> taken = [];
        Queue<Delivery> running = new();
        do
        {
            while (Next() is { } started)
            {
                running.Enqueue(started);
                sizes.Add(started.Recipients.Length);
                Assert.All(
                    started.Recipients, one => Assert.True(taken.Add((started.Message, one))));
            }

            for (Delivery over = running.Dequeue(); !over.IsComplete;)
            {
                Report(over, AttemptKind.Answered, Verdict.Delivered);
            }
        }
        while (running.Count > 0);
        Assert.Equal(Enumerable.Repeat(most, lists * domains * each / most), sizes);
        Assert.All(_queue.Destinations, one => Assert.Equal(0, one.Waiting));
    }

    private WholeMessage Add(long born, string sender, params string[] recipients)
    {
        WholeMessage message = Make.MessageOf(1, ++_number, sender, recipients, born);
        _scheduler.Add(message);
        return message;
    }

    private Delivery? Next() => _scheduler.Next(DeliveryChannel.Remote, _now);

    private Delivery Next(string address)
    {
        Delivery? delivery = Next();
        Assert.NotNull(delivery);
        Assert.Equal([address], Make.Addresses(delivery));
        return delivery;
    }

    private void Report(Delivery delivery, AttemptKind kind, Verdict verdict = Verdict.Retry) =>
        _scheduler.Report(
            delivery, verdict, new AttemptResult(kind, verdict == Verdict.Retry, []));

    /// <summary>Three in a row find nobody at the domain.</summary>
    private Destination Kill(string domain)
    {
        for (int i = 0; i < Destination.FailuresMax; i++, _now++)
        {
            Add(_now, "first@x", $"m{i}@{domain}");
            Report(Next($"m{i}@{domain}"), AttemptKind.Unreachable);
        }

        Destination dead = _queue.Find($"domain {domain}")!;
        Assert.Equal(DestinationHealth.Dead, dead.Health);
        return dead;
    }
}
