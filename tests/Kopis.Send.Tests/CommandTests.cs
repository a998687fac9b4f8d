using System.Text;
using Kopis.Base;
using Kopis.Queue.Commands;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>What commands do with messages, in any state of a delivery.</summary>
public sealed class CommandTests : CommandCase
{
    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_hold_outlives_a_restart_and_ends_with_a_release(int envelopeBytesMax)
    {
        World.EnvelopeBytesMax = envelopeBytesMax;
        ulong number = Add("a@l.example", "b@l.example");
        QueueCounts counts = Give(new(QueueVerb.Hold, Of(number) with
        {
            Recipient = "a@l.example"u8.ToArray(),
        }));
        Assert.Equal((1UL, 1UL), (counts.Messages, counts.Recipients));
        Crash();
        Assert.Equal("b@l.example", Deliver());
        Later();
        Assert.Null(Deliver());
        Give(new(QueueVerb.Release, Of(number)));
        Assert.Equal("a@l.example", Deliver());
        Assert.Null(Deliver()); // A long message ends in a turn of its own.
        Turn();
        Assert.True(IsEnded(number));
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_list_is_read_in_pages(int envelopeBytesMax)
    {
        World.EnvelopeBytesMax = envelopeBytesMax;
        ulong one = Add("a@l.example", "b@l.example", "c@l.example");
        ulong two = Add("d@l.example");
        ulong three = Add("e@l.example", "f@l.example");
        string[] expected =
        [
            $"{one} a@l.example", $"{one} b@l.example", $"{one} c@l.example",
            $"{two} d@l.example", $"{three} e@l.example", $"{three} f@l.example",
        ];
        Assert.Equal(expected, Rows(new QueueSelection()));
        Assert.Equal(expected[..2], Rows(new QueueSelection { Most = 2 }));
        Assert.Equal(expected[2..5], Rows(new QueueSelection
        {
            From = one,
            FromRecipient = 2,
            Most = 3,
        }));
        Assert.Equal(expected[3..], Rows(new QueueSelection { From = one + 1 }));
        Assert.Empty(Rows(new QueueSelection { From = ulong.MaxValue, Most = 2 }));
        Assert.Equal(
            expected[4..5], Rows(new QueueSelection { From = two + 1, Most = 1 }));
    }

    [Fact]
    public void Destinations_with_most_mail_come_first()
    {
        string[] names = ["domain a.example", "domain b.example", "domain c.example"];
        int mails = 0;
        foreach (string name in names)
        {
            Give(new(QueueVerb.PauseDestination, new QueueSelection
            {
                Destination = Encoding.ASCII.GetBytes(name),
            }));
            string domain = name[name.IndexOf(' ')..].Trim();
            Add([.. Enumerable.Range(0, ++mails).Select(i => $"x{i}@{domain}")]);
        }

        for (int i = 0; i < 10; i++)
        {
            Assert.Null(Core.Next(DeliveryChannel.Remote, Now));
        }

        Assert.Equal(names, Destinations(null).Order());
        Assert.Equal([names[2], names[1]], Destinations(2));
        Assert.Equal([names[2], names[1], names[0]], Destinations(uint.MaxValue));
    }

    private string[] Destinations(uint? most) =>
    [
        .. Answers(new(QueueVerb.Destinations, new QueueSelection { Most = most }))
            .Where(answer => answer.Kind == QueueFrame.Destination)
            .Select(answer => Encoding.ASCII.GetString(
                ListedDestination.Parse(answer.Content)!.Name)),
    ];

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_list_has_those_of_one_state(int envelopeBytesMax)
    {
        World.EnvelopeBytesMax = envelopeBytesMax;
        ulong one = Add("a@l.example", "b@l.example");
        ulong two = Add("c@l.example");
        Give(new(QueueVerb.Hold, Of(one) with { Recipient = "b@l.example"u8.ToArray() }));
        Delivery running = Core.Next(DeliveryChannel.Local, Now)!;
        string at = $"{running.Message.Number} {Encoding.ASCII.GetString(
            running.Addresses[0].Span)}";
        Assert.Equal([at], Rows(new QueueSelection { State = ListedState.Running }));
        Assert.Equal(
            [$"{one} b@l.example"], Rows(new QueueSelection { State = ListedState.Held }));
        string other = at.StartsWith($"{one} ", StringComparison.Ordinal)
            ? $"{two} c@l.example" : $"{one} a@l.example";
        Assert.Equal([other], Rows(new QueueSelection { State = ListedState.Due }));
    }

    [Fact]
    public void What_changes_something_is_no_page()
    {
        QueueSelection page = new() { Numbers = [1], Most = 1 };
        Assert.Null(Sent(new QueueRequest(QueueVerb.Remove, page)));
        Assert.Null(Sent(new QueueRequest(
            QueueVerb.Hold, new QueueSelection { State = ListedState.Due })));
        Assert.NotNull(Sent(new QueueRequest(QueueVerb.List, page)));
        Assert.Null(Sent(new QueueRequest(QueueVerb.List, page with { Most = 0 })));
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void One_recipient_of_a_message_held_as_a_whole_is_released(int envelopeBytesMax)
    {
        World.EnvelopeBytesMax = envelopeBytesMax;
        ulong number = Add("a@l.example", "b@l.example", "c@l.example");
        Give(new(QueueVerb.Hold, Of(number)));
        Later();
        Assert.Null(Deliver());
        Give(new(QueueVerb.Release, Of(number) with { Recipient = "b@l.example"u8.ToArray() }));
        Crash();
        Later();
        Assert.Equal("b@l.example", Deliver());
        Assert.Null(Deliver());
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void What_is_removed_ends_the_message_without_a_bounce(int envelopeBytesMax)
    {
        World.EnvelopeBytesMax = envelopeBytesMax;
        ulong number = Add("a@l.example", "b@far.example");
        World.Message(number).Removed.UnionWith(["a@l.example", "b@far.example"]);
        QueueCounts counts = Give(new(QueueVerb.Remove, Of(number)));
        Assert.Equal((2UL, 0UL), (counts.Recipients, counts.Running));
        Turn();
        Assert.True(IsEnded(number));
        Assert.Empty(World.Bounces);
        Later();
        Assert.Null(Deliver());
        Crash();
        Assert.Null(Deliver());
    }

    [Theory]
    [InlineData(Verdict.Delivered), InlineData(Verdict.Failed), InlineData(Verdict.Retry)]
    public void A_delivery_of_a_removed_recipient_is_let_finish_and_only_logged(Verdict verdict)
    {
        ulong number = Add("a@l.example");
        World.Message(number).Removed.Add("a@l.example");
        Delivery running = Core.Next(DeliveryChannel.Local, Now)!;
        QueueCounts counts = Give(new(QueueVerb.Remove, Of(number)));
        Assert.Equal((1UL, 1UL), (counts.Recipients, counts.Running));
        Assert.False(IsEnded(number)); // Its files are still in use.
        Core.Report(running, new DeliveryReport(0, verdict, "said\n"u8.ToArray()));
        Turn();
        Assert.Contains(World.Log, line =>
            line.StartsWith("delivery 1: ", StringComparison.Ordinal)
            && line.EndsWith("said/", StringComparison.Ordinal));
        Assert.True(IsEnded(number));
        Assert.Empty(World.Bounces);
    }

    [Fact]
    public void A_bounce_returns_what_does_not_run_and_holds_what_does()
    {
        ulong number = Add("a@l.example", "b@l.example");
        Delivery running = Core.Next(DeliveryChannel.Local, Now)!;
        QueueCounts counts = Give(new(QueueVerb.Bounce, Of(number)));
        Assert.Equal((1UL, 1UL), (counts.Recipients, counts.Running));
        Core.Report(running, new DeliveryReport(0, Verdict.Retry, []));
        Later();
        Assert.Null(Deliver());
        Assert.Equal(1UL, Give(new(QueueVerb.Bounce, Of(number))).Recipients);
        Turn();
        Assert.True(IsEnded(number));
        Assert.Equal(["a@l.example", "b@l.example"], World.Bounces.Single().Failed.Order());
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_retry_is_due_now_also_for_a_pass_that_is_open(int envelopeBytesMax)
    {
        World.EnvelopeBytesMax = envelopeBytesMax;
        ulong number = Add("a@l.example");
        Defer("later\n");
        Assert.Null(Deliver());
        Give(new(QueueVerb.Retry, Of(number)));
        Delivery open = Core.Next(DeliveryChannel.Local, Now)!;
        Give(new(QueueVerb.Retry, Of(number)));
        Core.Report(open, new DeliveryReport(0, Verdict.Retry, []));
        Assert.Equal("a@l.example", Deliver());
        Later();
        Assert.Null(Deliver());
        Assert.True(IsEnded(number));
    }

    [Fact]
    public void A_dry_run_changes_nothing()
    {
        Add("a@l.example");
        foreach (QueueVerb verb in (QueueVerb[])
            [QueueVerb.Remove, QueueVerb.Hold, QueueVerb.Bounce])
        {
            QueueCounts counts = Give(new(verb, new QueueSelection()) { IsDry = true });
            Assert.Equal(1UL, counts.Recipients);
        }

        Assert.Equal("a@l.example", Deliver());
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_list_says_why_each_recipient_is_still_here(int envelopeBytesMax)
    {
        World.EnvelopeBytesMax = envelopeBytesMax;
        ulong number = Add("a@l.example", "b@l.example", "c@far.example");
        Defer("192.0.2.1 said: 451 later\n");
        Delivery running = Core.Next(DeliveryChannel.Local, Now)!;
        Give(new(QueueVerb.Hold, Of(number) with { Domain = "far.example"u8.ToArray() }));
        ListedRecipient[] listed = List(new QueueSelection());
        Assert.Equal(
            [ListedState.Waiting, ListedState.Running, ListedState.Held],
            listed.Select(one => one.State));
        Assert.Equal("192.0.2.1 said: 451 later\n", Encoding.Latin1.GetString(listed[0].Text));
        Assert.Equal((1U, Now), (listed[0].Tries, listed[0].LastTry));
        Core.Report(running, new DeliveryReport(0, Verdict.Delivered, []));
        Assert.Null(Deliver()); // The pass is over.
        listed = List(Of(number));
        Assert.True(listed[0].NextTry > Now);
        Assert.Equal([0U, 2U], listed.Select(one => one.Index));
    }

    [Fact]
    public void Messages_that_wait_on_the_disk_are_meant_too()
    {
        Core.Dispose();
        Start(memoryBytesMax: 400);
        ulong first = Add("a@l.example");
        ulong second = Add("b@l.example");
        World.Message(second).Removed.Add("b@l.example");
        Assert.Equal(2, List(new QueueSelection()).Length);
        Assert.Equal(1UL, Give(new(QueueVerb.Remove, Of(second))).Recipients);
        Turn();
        Assert.True(IsEnded(second));
        Assert.Equal("a@l.example", Deliver());
        Assert.True(IsEnded(first));
    }

    [Fact]
    public void A_selection_is_all_of_its_conditions()
    {
        QueueSelection one = new()
        {
            Sender = "S@x"u8.ToArray(), OlderThan = 10, YoungerThan = 20,
            Domain = "Far.example"u8.ToArray(),
        };
        Assert.True(one.MatchesMessage(7, "s@X"u8, 15));
        Assert.False(one.MatchesMessage(7, "t@x"u8, 15));
        Assert.False(one.MatchesMessage(7, "s@x"u8, 9));
        Assert.False(one.MatchesMessage(7, "s@x"u8, 21));
        Assert.True(one.MatchesRecipient("a@b@far.EXAMPLE"u8));
        Assert.False(one.MatchesRecipient("a@notfar.example"u8));
        Assert.False(Of(8).MatchesMessage(7, "s@x"u8, 15));
    }

    /// <summary>Messages that are being looked at end while it goes on.</summary>
    [Fact]
    public void The_queue_is_summed_up()
    {
        ulong[] numbers = [Add("a@l.example", "b@far.example"), Add("c@l.example"), 0];
        Give(new(QueueVerb.Hold, Of(numbers[1])));
        Now += 700;
        numbers[2] = Add("d@l.example");
        QueueSummary summary = Summary();
        Assert.Equal((3U, 0U, 1U, 4UL),
            (summary.InMemory, summary.OnDisk, summary.Held, summary.Recipients));
        Assert.Equal([1U, 0U, 2U, 0U, 0U, 0U, 0U], summary.Local.Ages);
        Assert.Equal([0U, 0U, 1U, 0U, 0U, 0U, 0U], summary.Remote.Ages);
        Assert.Equal((700UL, 700UL), (summary.Local.OldestSeconds, summary.Remote.OldestSeconds));
        World.Message(numbers[0]).Removed.UnionWith(["a@l.example", "b@far.example"]);
        World.Message(numbers[1]).Removed.Add("c@l.example");
        World.Message(numbers[2]).Removed.Add("d@l.example");
        Give(new(QueueVerb.Remove, new QueueSelection()));
        Turn();
        summary = Summary();
        Assert.Equal((0U, 0UL), (summary.InMemory, summary.Recipients));
        Assert.Equal((0UL, 0UL), (summary.Local.OldestSeconds, summary.Remote.OldestSeconds));
    }

    private QueueSummary Summary() => QueueSummary.Parse(
        Answers(new(QueueVerb.Summary, new QueueSelection()))
            .Single(answer => answer.Kind == QueueFrame.Summary).Content)!;
}
