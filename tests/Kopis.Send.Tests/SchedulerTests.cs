using Kopis.Base;
using Kopis.Queue;

namespace Kopis.Send.Tests;

public sealed class SchedulerTests
{
    private const long Lifetime = 604_800;
    private ulong _lastNumber;

    [Fact]
    public void A_message_is_delivered_and_finished_once()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        QueuedMessage message = Add(scheduler, "a@l", "b@r");
        Delivery local = scheduler.Next(DeliveryChannel.Local, 0)!;
        Delivery remote = scheduler.Next(DeliveryChannel.Remote, 0)!;
        Assert.Null(scheduler.Next(DeliveryChannel.Local, 0));
        Assert.Equal(Verdict.Delivered, scheduler.Report(local, Verdict.Delivered));
        Assert.Null(scheduler.TakeFinished());
        Assert.Equal(Verdict.Failed, scheduler.Report(remote, Verdict.Failed));
        Assert.Same(message, scheduler.TakeFinished());
        Assert.Null(scheduler.TakeFinished());
    }

    [Fact]
    public void What_is_deferred_is_tried_in_the_next_pass_and_not_before()
    {
        Scheduler scheduler = new(Lifetime, batch: true);
        Add(scheduler, "a@r", "b@r", "c@r");
        Delivery delivery = scheduler.Next(DeliveryChannel.Remote, 0)!;
        Assert.Equal(3, delivery.Recipients.Length);
        scheduler.Report(delivery, Verdict.Delivered);
        scheduler.Report(delivery, Verdict.Retry);
        scheduler.Report(delivery, Verdict.Retry);
        Assert.Null(scheduler.Next(DeliveryChannel.Remote, 399));
        Assert.Equal(400, scheduler.NextDue(DeliveryChannel.Remote));
        Assert.Equal([1, 2], scheduler.Next(DeliveryChannel.Remote, 400)!.Recipients);
    }

    [Fact]
    public void A_pass_that_begins_after_the_lifetime_makes_deferrals_failures()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        Add(scheduler, "a@r");
        Delivery first = scheduler.Next(DeliveryChannel.Remote, Lifetime)!;
        Assert.Equal(Verdict.Retry, scheduler.Report(first, Verdict.Retry));
        Delivery last = scheduler.Next(DeliveryChannel.Remote, Lifetime * 2)!;
        Assert.Equal(Verdict.Failed, scheduler.Report(last, Verdict.Retry));
        Assert.NotNull(scheduler.TakeFinished());
    }

    [Fact]
    public void A_pass_that_is_cut_short_stays_due()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        QueuedMessage message = Add(scheduler, "a@r", "b@r");
        Delivery first = scheduler.Next(DeliveryChannel.Remote, 10)!;
        Assert.Equal(0, message.Due(DeliveryChannel.Remote));
        scheduler.Report(first, Verdict.Retry);
        Assert.Equal(0, message.Due(DeliveryChannel.Remote));
        scheduler.Report(scheduler.Next(DeliveryChannel.Remote, 10)!, Verdict.Retry);
        scheduler.Next(DeliveryChannel.Remote, 10);
        Assert.Equal(
            RetrySchedule.Next(10, 0, DeliveryChannel.Remote),
            message.Due(DeliveryChannel.Remote));
    }

    [Fact]
    public void A_long_list_does_not_keep_a_short_message_waiting()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        Add(scheduler, [.. Enumerable.Range(0, 1000).Select(n => $"u{n}@r")]);
        scheduler.Next(DeliveryChannel.Remote, 0);
        QueuedMessage personal = Add(scheduler, "friend@r");
        Delivery[] next =
            [.. Enumerable.Range(0, 2).Select(_ => scheduler.Next(DeliveryChannel.Remote, 0)!)];
        Assert.Contains(next, delivery => delivery.Message == personal);
    }

    [Fact]
    public void A_batch_is_of_one_host_and_no_larger_than_a_command_takes()
    {
        Scheduler scheduler = new(Lifetime, batch: true);
        Add(scheduler, [.. Enumerable.Range(0, 250)
            .Select(n => $"u{n}@{(n % 2 == 0 ? "A.x" : "b.x")}")]);
        List<int> seen = [];
        while (scheduler.Next(DeliveryChannel.Remote, 0) is { } delivery)
        {
            Assert.InRange(delivery.Recipients.Length, 1, DeliveryCommand.BatchMax);
            Assert.Single(delivery.Recipients.Select(index => index % 2).Distinct());
            seen.AddRange(delivery.Recipients);
        }

        Assert.Equal(Enumerable.Range(0, 250), seen.Order());
    }

    [Fact]
    public void A_verp_sender_and_local_recipients_are_never_batched()
    {
        Scheduler scheduler = new(Lifetime, batch: true);
        QueuedMessage list = new(100, 0, "l-@h-@[]"u8.ToArray(),
            [("a@r"u8.ToArray(), DeliveryChannel.Remote),
                ("b@r"u8.ToArray(), DeliveryChannel.Remote)]);
        scheduler.Add(list);
        Assert.Single(scheduler.Next(DeliveryChannel.Remote, 0)!.Recipients);
        Add(scheduler, "a@l", "b@l");
        Assert.Single(scheduler.Next(DeliveryChannel.Local, 0)!.Recipients);
    }

    [Fact]
    public void The_alarm_makes_everything_due()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        Add(scheduler, "a@r");
        scheduler.Report(scheduler.Next(DeliveryChannel.Remote, 0)!, Verdict.Retry);
        Assert.Null(scheduler.Next(DeliveryChannel.Remote, 1));
        scheduler.AllDueNow();
        Assert.NotNull(scheduler.Next(DeliveryChannel.Remote, 1));
    }

    [Fact]
    public void A_message_without_recipients_is_finished_at_once()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        Assert.Same(Add(scheduler), scheduler.TakeFinished());
    }

    private QueuedMessage Add(Scheduler scheduler, params string[] recipients)
    {
        QueuedMessage message = new(++_lastNumber, 0, "s@x"u8.ToArray(),
            [.. recipients.Select(address => (ByteText.ToBytes(address),
                address.EndsWith("@l", StringComparison.Ordinal)
                    ? DeliveryChannel.Local : DeliveryChannel.Remote))]);
        scheduler.Add(message);
        return message;
    }
}
