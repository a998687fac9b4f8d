using Kopis.Base;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

[Collection(MemoryIsMeasured.Name)]
public class SchedulerTests
{
    private const long Lifetime = 604_800;

    [Theory]
    [InlineData(DeliveryChannel.Local, new long[] { 0, 100, 400, 900, 1600, 2500, 3600 })]
    [InlineData(DeliveryChannel.Remote, new long[] { 0, 400, 1600, 3600, 6400, 10000, 14400 })]
    internal void Retries_come_at_qmails_times(DeliveryChannel channel, long[] offsets)
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        scheduler.Add(Make.Message(1, "s@x", channel == DeliveryChannel.Local ? "l@x" : "r@x"));
        foreach (long offset in offsets)
        {
            Assert.Equal(Make.Born + offset, scheduler.NextDue(channel));
            Assert.Null(scheduler.Next(channel, Make.Born + offset - 1));
            Delivery delivery = scheduler.Next(channel, Make.Born + offset)!;
            Assert.Equal(Verdict.Retry, scheduler.Report(delivery, Verdict.Retry));
            Assert.Null(scheduler.Next(channel, Make.Born + offset));
        }
    }

    [Fact]
    public void A_deferral_is_a_failure_in_a_pass_that_began_after_the_lifetime()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        WholeMessage message = Make.Message(1, "s@x", "a@x", "b@x", "c@x");
        scheduler.Add(message);
        long late = Make.Born + Lifetime + 1;
        Delivery a = scheduler.Next(DeliveryChannel.Remote, Make.Born + Lifetime)!;
        Delivery b = scheduler.Next(DeliveryChannel.Remote, late)!;
        Delivery c = scheduler.Next(DeliveryChannel.Remote, late)!;
        Assert.Equal(Verdict.Retry, scheduler.Report(a, Verdict.Retry));
        Assert.Equal(Verdict.Retry, scheduler.Report(b, Verdict.Retry)); // The pass began in time.
        Assert.Equal(Verdict.Retry, scheduler.Report(c, null));

        late = message.Due(DeliveryChannel.Remote);
        Assert.True(late > Make.Born + Lifetime);
        a = scheduler.Next(DeliveryChannel.Remote, late)!;
        b = scheduler.Next(DeliveryChannel.Remote, late)!;
        c = scheduler.Next(DeliveryChannel.Remote, late)!;
        Assert.Equal(Verdict.Failed, scheduler.Report(a, Verdict.Retry));
        Assert.Equal(Verdict.Delivered, scheduler.Report(b, Verdict.Delivered));
        Assert.Equal(Verdict.Retry, scheduler.Report(c, null)); // Mangled: it tells nothing.
        Assert.Null(scheduler.DequeueFinished());
        Assert.Equal(1, message.Open(DeliveryChannel.Remote));
    }

    [Fact]
    public void A_long_list_does_not_keep_a_personal_message_waiting()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        string[] list = [.. Enumerable.Range(0, 100_000).Select(i => $"m{i}@x{i % 100}")];
        scheduler.Add(Make.Message(1, "list@x", list));
        for (int i = 0; i < 50; i++)
        {
            Assert.NotNull(scheduler.Next(DeliveryChannel.Remote, Make.Born));
        }

        scheduler.Add(Make.Message(2, "joe@x", "friend@x"));
        string[] next =
        [
            .. Make.Addresses(scheduler.Next(DeliveryChannel.Remote, Make.Born)!),
            .. Make.Addresses(scheduler.Next(DeliveryChannel.Remote, Make.Born)!),
        ];
        Assert.Contains("friend@x", next);
    }

    [Fact]
    public void Recipients_of_several_messages_take_turns_in_file_order()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        scheduler.Add(Make.Message(1, "s@x", "a1@x", "a2@x", "a3@x"));
        scheduler.Add(Make.Message(2, "s@x", "b1@x", "b2@x"));
        List<string> order = [];
        while (scheduler.Next(DeliveryChannel.Remote, Make.Born) is { } delivery)
        {
            order.AddRange(Make.Addresses(delivery));
        }

        Assert.Equal(["a1@x", "b1@x", "a2@x", "b2@x", "a3@x"], order);
    }

    [Fact]
    public void A_message_is_finished_once_when_both_channels_are_done()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        WholeMessage message = Make.Message(1, "s@x", "l@x", "r@x");
        scheduler.Add(message);
        Delivery local = scheduler.Next(DeliveryChannel.Local, Make.Born)!;
        Delivery remote = scheduler.Next(DeliveryChannel.Remote, Make.Born)!;
        scheduler.Report(local, Verdict.Delivered);
        Assert.Null(scheduler.Next(DeliveryChannel.Local, Make.Born));
        Assert.Null(scheduler.DequeueFinished());
        scheduler.Report(remote, Verdict.Failed);
        Assert.Null(scheduler.Next(DeliveryChannel.Remote, Make.Born));
        Assert.Same(message, scheduler.DequeueFinished());
        Assert.Null(scheduler.DequeueFinished());
    }

    [Fact]
    public void A_message_is_finished_once_though_both_passes_end_after_its_last_recipient()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        scheduler.Add(Make.Message(1, "s@x", "r@x", "l@x"));
        Delivery local = scheduler.Next(DeliveryChannel.Local, Make.Born)!;
        Delivery remote = scheduler.Next(DeliveryChannel.Remote, Make.Born)!;
        scheduler.Report(local, Verdict.Delivered);
        scheduler.Report(remote, Verdict.Delivered);
        Assert.Null(scheduler.Next(DeliveryChannel.Local, Make.Born));
        Assert.Null(scheduler.Next(DeliveryChannel.Remote, Make.Born));
        Assert.NotNull(scheduler.DequeueFinished());
        Assert.Null(scheduler.DequeueFinished());
    }

    [Fact]
    public void A_message_without_recipients_is_finished_at_once()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        WholeMessage message = Make.Message(1, "s@x");
        scheduler.Add(message);
        Assert.Same(message, scheduler.DequeueFinished());
        Assert.Null(scheduler.NextDue(DeliveryChannel.Local));
        Assert.Null(scheduler.NextDue(DeliveryChannel.Remote));
    }

    [Fact]
    public void Deferred_recipients_wait_for_the_next_pass_and_done_ones_are_left_out()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        scheduler.Add(Make.Message(1, "s@x", "a@x", "b@x", "c@x"));
        Verdict[] verdicts = [Verdict.Retry, Verdict.Delivered, Verdict.Retry];
        foreach (Verdict verdict in verdicts)
        {
            scheduler.Report(scheduler.Next(DeliveryChannel.Remote, Make.Born)!, verdict);
        }

        Assert.Null(scheduler.Next(DeliveryChannel.Remote, Make.Born));
        long due = scheduler.NextDue(DeliveryChannel.Remote)!.Value;
        Assert.Equal(["a@x"], Make.Addresses(scheduler.Next(DeliveryChannel.Remote, due)!));
        Assert.Equal(["c@x"], Make.Addresses(scheduler.Next(DeliveryChannel.Remote, due)!));
        Assert.Null(scheduler.Next(DeliveryChannel.Remote, due));
    }

    [Fact]
    public void A_pass_that_a_restart_cuts_short_stays_due()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        WholeMessage message = Make.Message(1, "s@x", "a@x", "b@x");
        scheduler.Add(message);
        Delivery a = scheduler.Next(DeliveryChannel.Remote, Make.Born + 10)!;
        scheduler.Report(a, Verdict.Retry);
        Assert.Equal(Make.Born, message.Due(DeliveryChannel.Remote));
        Delivery b = scheduler.Next(DeliveryChannel.Remote, Make.Born + 10)!;
        scheduler.Report(b, Verdict.Retry);
        Assert.Equal(Make.Born + (23 * 23), message.Due(DeliveryChannel.Remote));
    }

    [Fact]
    public void The_alarm_makes_all_that_waits_due_now_and_keeps_the_schedule_after()
    {
        Scheduler scheduler = new(Lifetime, batch: false);
        scheduler.Add(Make.Message(1, "s@x", "a@x"));
        scheduler.Report(scheduler.Next(DeliveryChannel.Remote, Make.Born)!, Verdict.Retry);
        Assert.Null(scheduler.Next(DeliveryChannel.Remote, Make.Born + 10));
        scheduler.AllDueNow(Make.Born + 10);
        Delivery again = scheduler.Next(DeliveryChannel.Remote, Make.Born + 10)!;
        scheduler.Report(again, Verdict.Retry);
        Assert.Null(scheduler.Next(DeliveryChannel.Remote, Make.Born + 10));
        Assert.Equal(Make.Born + (23 * 23), scheduler.NextDue(DeliveryChannel.Remote));
    }

    [Fact]
    public void A_batch_holds_one_messages_recipients_at_one_host()
    {
        Scheduler scheduler = new(Lifetime, batch: true);
        scheduler.Add(Make.Message(1, "s@x", "a@One", "b@two", "c@oNE", "l1@x", "l2@x"));
        scheduler.Add(Make.Message(2, "s@x", "d@one"));
        Assert.Equal(["a@One", "c@oNE"],
            Make.Addresses(scheduler.Next(DeliveryChannel.Remote, Make.Born)!));
        Assert.Equal(["b@two"],
            Make.Addresses(scheduler.Next(DeliveryChannel.Remote, Make.Born)!));
        Assert.Equal(["d@one"],
            Make.Addresses(scheduler.Next(DeliveryChannel.Remote, Make.Born)!));
        Assert.Equal(["l1@x"], Make.Addresses(scheduler.Next(DeliveryChannel.Local, Make.Born)!));
    }

    [Theory]
    [InlineData(true, "list-@x-@[]")] // Each recipient has its own sender.
    [InlineData(false, "s@x")]
    public void Without_batch_or_with_a_VERP_sender_each_goes_alone(bool batch, string sender)
    {
        Scheduler scheduler = new(Lifetime, batch);
        scheduler.Add(Make.Message(1, sender, "a@one", "b@one"));
        Assert.Equal(["a@one"],
            Make.Addresses(scheduler.Next(DeliveryChannel.Remote, Make.Born)!));
        Assert.Equal(["b@one"],
            Make.Addresses(scheduler.Next(DeliveryChannel.Remote, Make.Born)!));
    }

    [Fact]
    public void Addresses_of_SRS_go_alone_since_each_leads_elsewhere()
    {
        Scheduler scheduler = new(Lifetime, batch: true);
        string[] all = ["a@us", "SRS0=H=D=one=b@us", "srs1=H=two==H=D=x=c@us", "d@us"];
        scheduler.Add(Make.Message(1, "s@x", all));
        foreach (string[] expected in (string[][])[[all[0], all[3]], [all[1]], [all[2]]])
        {
            Assert.Equal(
                expected, Make.Addresses(scheduler.Next(DeliveryChannel.Remote, Make.Born)!));
        }
    }

    [Fact]
    public void A_batch_is_never_over_its_cap_and_leaves_no_one_out()
    {
        Scheduler scheduler = new(Lifetime, batch: true);
        string[] all = [.. Enumerable.Range(0, 1234).Select(i => $"m{i}@h{i % 7}")];
        scheduler.Add(Make.Message(1, "s@x", all));
        List<string> seen = [];
        while (scheduler.Next(DeliveryChannel.Remote, Make.Born) is { } delivery)
        {
            Assert.InRange(delivery.Recipients.Length, 1, DeliveryCommand.BatchMax);
            seen.AddRange(Make.Addresses(delivery));
        }

        Assert.Equal(all.Order(), seen.Order());
    }

    [Fact]
    public void A_queued_recipient_takes_no_more_than_300_bytes()
    {
        const int count = 100_000;
        Scheduler scheduler = new(Lifetime, batch: true);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < count; i++)
        {
            scheduler.Add(Make.Message(
                (ulong)i, "someone.usual@host.example", $"recipient{i:d8}@other.example"));
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / count;
        GC.KeepAlive(scheduler);
        Assert.InRange(each, 50, 300);
    }
}
