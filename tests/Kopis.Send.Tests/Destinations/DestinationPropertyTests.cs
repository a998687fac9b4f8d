using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>Seeded histories among receivers of all kinds, in virtual time.
/// <c>KOPIS_SENDING_SEEDS</c> is how many.</summary>
public class DestinationPropertyTests
{
    private const int SeedsUsual = 60;
    private const long Lifetime = 604_800;
    private const long Day = 86_400_000;

    [Trait("Size", "large")]
    [Fact]
    public void Nobody_is_lost_doubled_or_starved_whatever_receivers_do()
    {
        int seeds = int.TryParse(
            Environment.GetEnvironmentVariable("KOPIS_SENDING_SEEDS"), out int n) ? n : SeedsUsual;
        for (int seed = 1; seed <= seeds; seed++)
        {
            try
            {
                Live(seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
    }

    private static void Live(int seed)
    {
        Random random = new(seed);
        int slots = (int[])[3, 20, 60, 255, 1000] is var sizes
            ? sizes[random.Next(sizes.Length)] : 0;
        SendingModel model = new(
            random, slots, asks: random.Next(2) == 0, batch: random.Next(2) == 0, Lifetime);
        model.Scheduler.Retries = seed % 2 == 0 ? RetryTable.Qmail : new RetryTable(
            [.. Enumerable.Range(0, BounceClassNames.Count).Select(i => i % 3 == 0 ? null
                : Enumerable.Range(0, i).Select(_ => random.Next(30, 200_000)).ToArray())]);
        List<Receiver> receivers = [];
        int count = random.Next(2, 40);
        for (int i = 0; i < count; i++)
        {
            ReceiverKind kind = (ReceiverKind)random.Next(10);
            receivers.Add(model.Add($"{kind}{i}.example".ToLowerInvariant(), kind));
            if (random.Next(10) == 0)
            {
                model.Unknown.Add(receivers[^1].Name);
            }
        }

        List<QueuedMessage> messages = [];
        int mails = random.Next(1, 120);
        for (int i = 0; i < mails; i++)
        {
            uint uid = (uint)random.Next(3);
            string sender = random.Next(4) == 0 ? "list-@x-@[]" : $"s{random.Next(5)}@x";
            int recipients = random.Next(4) == 0 ? random.Next(11, 400) : random.Next(1, 4);
            string[] to = [.. Enumerable.Range(0, recipients).Select(n =>
                $"{(random.Next(5) == 0 ? 'b' : 'm')}{n}@{receivers[random.Next(count)].Name}")];
            model.At(SendingModel.Born + random.Next(600_000), () =>
                messages.Add(model.Send(uid, sender, to)));
        }

        model.Run(SendingModel.Born + (40 * Day));
        Assert.Equal(mails, model.Finished);
        Assert.Empty(model.Scheduler.Messages);
        Assert.Equal(0, model.Queue.Waiting);
        Assert.All(model.Queue.Destinations, one =>
        {
            Assert.Equal(0, one.Running + one.Waiting + one.ReadyLanes);
            Assert.True(one.Blocked.IsEmpty);
        });
        foreach (Receiver receiver in receivers)
        {
            Assert.InRange(receiver.MostRunning, 0, receiver.Limits.Concurrency);
            if (receiver.Kind == ReceiverKind.RateLimited)
            {
                Assert.InRange(receiver.MostInPeriod(), 0, Receiver.Rate);
            }

            // One probe, and one more since it takes fewer later.
            Assert.InRange(receiver.Excesses, 0, 2);
        }

        // Only who never had a server, or is refused, fails.
        foreach (QueuedMessage message in messages)
        {
            for (int i = 0; i < message.Recipients; i++)
            {
                string address = ByteText.ToText(message.Address(i).Span);
                ReceiverKind kind = model.Receivers[address[(address.IndexOf('@') + 1)..]].Kind;
                bool mayFail = kind is ReceiverKind.Dead or ReceiverKind.Silent
                    || (kind == ReceiverKind.Refusing && address[0] == 'b');
                Assert.True(mayFail || model.EndOf(message, i) == Verdict.Delivered, address);
                Assert.True(kind is not (ReceiverKind.Dead or ReceiverKind.Silent)
                    || message.Due(DeliveryChannel.Remote) > 0);
            }
        }
    }

    [Trait("Size", "large")]
    [Theory]
    [InlineData(60, false), InlineData(60, true), InlineData(255, false), InlineData(1000, true)]
    public void Personal_mail_waits_neither_for_a_list_nor_for_silent_hosts(int slots, bool isKnown)
    {
        Random random = new(slots);
        SendingModel model = new(random, slots, asks: false, batch: true, Lifetime);
        for (int i = 0; i < 200; i++)
        {
            model.Add($"silent{i}.example", ReceiverKind.Silent);
        }

        for (int i = 0; i < 1000; i++)
        {
            model.Add($"list{i}.example", ReceiverKind.Quick);
        }

        model.Add("friend.example", ReceiverKind.Quick);
        string[] list =
            [.. Enumerable.Range(0, 100_000).Select(i => $"m{i}@list{i % 1000}.example")];
        if (isKnown)
        {
            model.Send(2, "earlier@x", "bob@friend.example");
            model.Run(model.Now + 2000);
        }

        for (int i = 0; i < 200; i++)
        {
            model.Send(1, "hopeful@x", $"m@silent{i}.example");
        }

        model.Send(1, "list-owner@x", list);
        for (int at = 1; at <= 10; at++)
        {
            model.Run(model.Now + 1000);
            WholeMessage personal = model.Send(2, $"joe{at}@x", "alice@friend.example");
            model.Run(model.Now + 1000);
            Assert.InRange(model.Waited(personal) ?? long.MaxValue, 0, 200);
        }
    }

    /// <summary>One who submits with as many senders as he likes holds what one sender may; and
    /// his other senders wait for him alone.</summary>
    [Trait("Size", "large")]
    [Theory, InlineData(60, false), InlineData(120, true), InlineData(1000, true)]
    public void Many_senders_of_one_submitter_leave_slots_for_others(int slots, bool isByClient)
    {
        SendingModel model = new(new Random(slots), slots, asks: false, batch: true, Lifetime);
        int hosts = 2 * slots;
        for (int i = 0; i < hosts; i++)
        {
            model.Add($"silent{i}.example", ReceiverKind.Silent);
        }

        for (int i = 0; i < 20; i++)
        {
            model.Add($"new{i}.example", ReceiverKind.Quick);
        }

        for (int i = 0; i < hosts; i++)
        {
            model.SendBy(1, 7, $"s{i}@x", $"m@silent{i}.example");
        }

        model.Run(model.Now + 2000);
        Assert.InRange(model.MostRunning, slots / 2, (slots * 7 / 8) + 1);
        for (int i = 0; i < 20; i++)
        {
            WholeMessage other = model.SendBy(
                isByClient ? 1u : 2, isByClient ? 8u : 0, $"joe{i}@x", $"a@new{i}.example");
            model.Run(model.Now + 1000);
            Assert.InRange(model.Waited(other) ?? long.MaxValue, 0, 200);
        }

        WholeMessage own = model.SendBy(1, 7, "late@x", "b@new0.example");
        model.Run(model.Now + (40 * Day));
        Assert.Equal(Verdict.Delivered, model.EndOf(own, 0));
        Assert.Empty(model.Scheduler.Messages);
    }

    /// <summary>Logins and addresses of the network queue mail as one user, and may name the same
    /// sender, or none.</summary>
    [Theory, InlineData(60, ""), InlineData(200, "s@x")]
    public void A_submitter_with_the_same_sender_leaves_slots_to_others(int slots, string sender)
    {
        SendingModel model = new(new Random(slots), slots, asks: false, batch: false, Lifetime);
        for (int i = 0; i < 2 * slots; i++)
        {
            model.Add($"silent{i}.example", ReceiverKind.Silent);
            model.SendBy(1, 7, sender, $"m@silent{i}.example");
        }

        model.Run(model.Now + 2000);
        for (int i = 0; i < 20; i++)
        {
            model.Add($"new{i}.example", ReceiverKind.Quick);
            WholeMessage other = model.SendBy(1, 8, sender, $"a@new{i}.example");
            model.Run(model.Now + 1000);
            Assert.InRange(model.Waited(other) ?? long.MaxValue, 0, 200);
        }
    }

    [Theory, InlineData(""), InlineData("s@x")]
    public void Submitters_with_the_same_sender_take_turns_at_one_destination(string sender)
    {
        SendingModel model = new(new Random(1), 100, asks: false, batch: false, Lifetime);
        model.Add("d.example", ReceiverKind.Quick);
        for (int i = 0; i < 5000; i++)
        {
            model.SendBy(1, 7, sender, $"m{i}@d.example");
        }

        model.Run(model.Now + 1000);
        WholeMessage other = model.SendBy(1, 8, sender, "a@d.example");
        model.Run(model.Now + 1500);
        Assert.InRange(model.Waited(other) ?? long.MaxValue, 0, 1000);
    }

    [Fact]
    public void Lists_get_their_turns_beside_a_flood_of_single_mail()
    {
        SendingModel model = new(new Random(1), 20, asks: false, batch: false, Lifetime);
        model.Add("d.example", ReceiverKind.Quick);
        for (int i = 0; i < 20_000; i++)
        {
            model.Send(1, $"s{i % 7}@x", $"m{i}@d.example");
        }

        WholeMessage list = model.Send(
            2, "list@x", [.. Enumerable.Range(0, 500).Select(i => $"l{i}@d.example")
                .Select(one => "r" + one)]);
        model.Run(model.Now + 60_000);

        // Each fourth turn: some 20 slots of 210 ms are 95 a second.
        Assert.Equal(500, Enumerable.Range(0, 500).Count(
            i => model.EndOf(list, i) == Verdict.Delivered));
    }

    [Fact]
    public void Submitters_and_senders_take_turns_at_one_destination()
    {
        SendingModel model = new(new Random(1), 100, asks: false, batch: false, Lifetime);
        model.Add("d.example", ReceiverKind.Quick);
        for (int i = 0; i < 5000; i++)
        {
            model.Send(1, $"flood-{i}@x", $"m{i}@d.example");
        }

        model.Run(model.Now + 1000);
        WholeMessage other = model.Send(1, "joe@x", "a@d.example");
        WholeMessage third = model.Send(2, "flood-7@x", "b@d.example");
        model.Run(model.Now + 1500);
        Assert.InRange(model.Waited(other) ?? long.MaxValue, 0, 1000);
        Assert.InRange(model.Waited(third) ?? long.MaxValue, 0, 1000);
    }

    [Fact]
    public void A_dead_destination_is_only_probed_and_its_mail_fails_in_the_end()
    {
        SendingModel model = new(new Random(3), 100, asks: false, batch: false, Lifetime);
        Receiver dead = model.Add("dead.example", ReceiverKind.Dead);
        List<WholeMessage> all = [];
        for (int i = 0; i < 300; i++)
        {
            all.Add(model.Send(1, "s@x", $"m{i}@dead.example"));
        }

        model.Run(model.Now + (Lifetime * 1000) / 20);
        Assert.InRange(dead.MostRunning, 1, DestinationLimits.UsualInitial);

        // At qmail's times it would be 300 times as many as one message's.
        Assert.InRange(dead.Probes, 5, 80);
        Assert.All(all, one => Assert.Null(model.EndOf(one, 0)));
    }

    [Fact]
    public void Waiting_mail_goes_at_once_when_a_destination_is_back()
    {
        SendingModel model = new(new Random(3), 100, asks: false, batch: false, Lifetime);
        Receiver flapping = model.Add("flap.example", ReceiverKind.Flapping);
        List<WholeMessage> all = [];
        long down = ((SendingModel.Born / 1_000_000) + 1) * 1_000_000 + 500_000;
        model.Run(down + 1000);
        for (int i = 0; i < 300; i++)
        {
            all.Add(model.Send(1, "s@x", $"m{i}@flap.example"));
        }

        model.Run(down + 500_000 + 300_000);
        Assert.True(flapping.Probes < 330);
        Assert.All(all, one => Assert.Equal(Verdict.Delivered, model.EndOf(one, 0)));
    }

    /// <summary>Nobody knows its limit before: the deliveries that are under way together at first
    /// are one probe. Then each is one transaction.</summary>
    [Fact]
    public void A_list_at_a_receiver_that_takes_few_recipients_goes_at_its_pace()
    {
        SendingModel model = new(new Random(5), 100, asks: true, batch: true, Lifetime);
        Receiver few = model.Add("few.example", ReceiverKind.TakesFew);
        int takes = few.Takes(SendingModel.Born, SendingModel.Born);
        WholeMessage list = model.Send(
            1, "list@x", [.. Enumerable.Range(0, 2000).Select(i => $"m{i}@few.example")]);
        model.Run(model.Now + 250_000);
        Assert.Equal(2000, Enumerable.Range(0, 2000).Count(
            i => model.EndOf(list, i) == Verdict.Delivered));
        Assert.Equal(1, few.Excesses);
        int after = 2000 - (DestinationLimits.UsualInitial * DeliveryCommand.BatchMax);
        Assert.InRange(
            few.Probes, after / takes, DestinationLimits.UsualInitial + (2000 / takes) + 1);
    }

    [Theory, InlineData(20), InlineData(200), InlineData(1000)]
    public void A_list_to_a_thousand_new_domains_uses_nearly_all_slots(int slots)
    {
        const int domains = 1000;
        SendingModel model = new(new Random(1), slots, asks: false, batch: true, Lifetime);
        for (int i = 0; i < domains; i++)
        {
            model.Add($"d{i}.example", ReceiverKind.Steady);
        }

        WholeMessage list = model.Send(
            1, "list@x", [.. Enumerable.Range(0, domains).Select(i => $"m@d{i}.example")]);
        double bound = Math.Ceiling((double)domains / slots) * Receiver.SteadyMilliseconds;
        model.Run(model.Now + (long)(1.3 * bound) + (slots == domains ? 100 : 0));
        Assert.Equal(domains, Enumerable.Range(0, domains).Count(
            i => model.EndOf(list, i) == Verdict.Delivered));
    }
}
