using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Queue.Commands;
using Kopis.Queue.Spawn;
using Kopis.Send.Commands;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>What commands do with messages, in any state of a delivery.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly World _world = new();
    private SendCore _core = null!;
    private CommandQueue _commands = null!;
    private long _now = Make.Born;

    public CommandTests() => Start();

    /// <summary>Whole envelopes, and long ones that stay on the disk.</summary>
    public static TheoryData<int> EnvelopeSizes => [0, int.MaxValue];

    public void Dispose()
    {
        _core.Dispose();
        _world.Dispose();
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_hold_outlives_a_restart_and_ends_with_a_release(int envelopeBytesMax)
    {
        _world.EnvelopeBytesMax = envelopeBytesMax;
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
        _world.EnvelopeBytesMax = envelopeBytesMax;
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

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_list_has_those_of_one_state(int envelopeBytesMax)
    {
        _world.EnvelopeBytesMax = envelopeBytesMax;
        ulong one = Add("a@l.example", "b@l.example");
        ulong two = Add("c@l.example");
        Give(new(QueueVerb.Hold, Of(one) with { Recipient = "b@l.example"u8.ToArray() }));
        Delivery running = _core.Next(DeliveryChannel.Local, _now)!;
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
        _world.EnvelopeBytesMax = envelopeBytesMax;
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
        _world.EnvelopeBytesMax = envelopeBytesMax;
        ulong number = Add("a@l.example", "b@far.example");
        _world.Message(number).Removed.UnionWith(["a@l.example", "b@far.example"]);
        QueueCounts counts = Give(new(QueueVerb.Remove, Of(number)));
        Assert.Equal((2UL, 0UL), (counts.Recipients, counts.Running));
        Turn();
        Assert.True(IsEnded(number));
        Assert.Empty(_world.Bounces);
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
        _world.Message(number).Removed.Add("a@l.example");
        Delivery running = _core.Next(DeliveryChannel.Local, _now)!;
        QueueCounts counts = Give(new(QueueVerb.Remove, Of(number)));
        Assert.Equal((1UL, 1UL), (counts.Recipients, counts.Running));
        Assert.False(IsEnded(number)); // Its files are still in use.
        _core.Report(running, new DeliveryReport(0, verdict, "said\n"u8.ToArray()));
        Turn();
        Assert.Contains(_world.Log, line =>
            line.StartsWith("delivery 1: ", StringComparison.Ordinal)
            && line.EndsWith("said/", StringComparison.Ordinal));
        Assert.True(IsEnded(number));
        Assert.Empty(_world.Bounces);
    }

    [Fact]
    public void A_bounce_returns_what_does_not_run_and_holds_what_does()
    {
        ulong number = Add("a@l.example", "b@l.example");
        Delivery running = _core.Next(DeliveryChannel.Local, _now)!;
        QueueCounts counts = Give(new(QueueVerb.Bounce, Of(number)));
        Assert.Equal((1UL, 1UL), (counts.Recipients, counts.Running));
        _core.Report(running, new DeliveryReport(0, Verdict.Retry, []));
        Later();
        Assert.Null(Deliver());
        Assert.Equal(1UL, Give(new(QueueVerb.Bounce, Of(number))).Recipients);
        Turn();
        Assert.True(IsEnded(number));
        Assert.Equal(["a@l.example", "b@l.example"], _world.Bounces.Single().Failed.Order());
    }

    [Fact]
    public void A_reroute_queues_one_copy_and_drops_the_recipients()
    {
        ulong number = Add("a@far.example", "b@far.example", "c@l.example");
        _world.Message(number).Removed.UnionWith(["a@far.example", "b@far.example"]);
        QueueCounts counts = Give(new(QueueVerb.Reroute, Of(number) with
        {
            Domain = "FAR.example"u8.ToArray(),
        })
        { To = "x@l.example"u8.ToArray() });
        Assert.Equal(2UL, counts.Recipients);
        Assert.Equal(["x@l.example"], _world.Message(Assert.Single(_world.Copies)).Recipients);
        Assert.Equal("c@l.example", Deliver());
        Assert.True(IsEnded(number));
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_recipient_goes_by_a_relay_until_it_is_sent_the_usual_way(int envelopeBytesMax)
    {
        _world.EnvelopeBytesMax = envelopeBytesMax;
        ulong number = Add("a@far.example", "b@far.example", "c@l.example");
        Assert.Equal(1UL, Reroute(number, "relay.example:2525", "a@far.example").Recipients);
        Assert.Equal(0UL, Reroute(number, "relay.example:2525", "a@far.example").Recipients);
        Assert.Equal(0UL, Reroute(number, "relay.example:2525", "c@l.example").Recipients);
        Assert.Equal("relay.example:2525", Via(number)["a@far.example"]);
        Assert.Equal("", Via(number)["b@far.example"]);
        Crash();
        Assert.Equal(
            ["a@far.example relay.example:2525", "b@far.example "], DeferRemote().Order());
        Assert.Equal(1UL, Reroute(number, "", null).Recipients);
        Assert.Equal(["a@far.example ", "b@far.example "], DeferRemote().Order());
        Assert.All(Via(number).Values, via => Assert.Equal("", via));
        Crash();
        Assert.Empty(_world.Copies);
        Later();
        Assert.Equal(["a@far.example ", "b@far.example "], DeferRemote().Order());
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void Who_waits_for_a_destination_goes_by_a_relay_at_once_and_only_once(
        int envelopeBytesMax)
    {
        _world.EnvelopeBytesMax = envelopeBytesMax;
        ulong first = Add("z@far.example");
        DeferRemote();
        Give(new(QueueVerb.PauseDestination, new QueueSelection
        {
            Destination = "domain far.example"u8.ToArray(),
        }));
        ulong number = Add("a@far.example", "b@far.example");
        Assert.Empty(DeferRemote());
        foreach (string via in (string[])["one.example:25", "", "two.example:25", "one.example:25"])
        {
            Reroute(number, via, "a@far.example");
            Assert.Equal(
                via.Length > 0 ? [$"a@far.example {via}"] : [], DeferRemote());
        }

        Give(new(QueueVerb.ResumeDestination, new QueueSelection
        {
            Destination = "domain far.example"u8.ToArray(),
        }));
        Assert.Equal(["b@far.example "], DeferRemote());
        Later();
        Assert.Equal(
            ["a@far.example one.example:25", "b@far.example ", "z@far.example "],
            DeferRemote().Order());
        Assert.NotEqual(first, number);
    }

    /// <summary>Before: it was there twice, and one order had it twice.</summary>
    [Fact]
    public void Who_is_back_on_the_usual_way_is_in_an_order_once()
    {
        _core.Dispose();
        Start(batch: true);
        Add("z@far.example");
        DeferRemote();
        QueueSelection far = new() { Destination = "domain far.example"u8.ToArray() };
        Give(new(QueueVerb.PauseDestination, far));
        ulong number = Add("a@far.example", "b@far.example");
        Assert.Empty(DeferRemote());
        Reroute(number, "one.example:25", "a@far.example");
        Assert.Equal(["a@far.example one.example:25"], DeferRemote());
        Reroute(number, "", "a@far.example");
        Assert.Empty(DeferRemote());
        Give(new(QueueVerb.ResumeDestination, far));
        Assert.Equal(["a@far.example ", "b@far.example "], DeferRemote().Order());
    }

    [Fact]
    public void A_recipient_of_an_earlier_qmail_send_has_no_relay()
    {
        ArrayBufferWriter<byte> frame = new();
        new ListedRecipient(3, ListedState.Due, false, "a@b"u8.ToArray()) { Text = [1] }
            .Write(frame);
        byte[] content = frame.WrittenSpan[QueueFrame.HeadBytes..].ToArray();
        Assert.Equal([], ListedRecipient.Parse(content)!.Via);
        Assert.Equal([], ListedRecipient.Parse(content.AsSpan()[..^2])!.Via);
        Assert.Null(ListedRecipient.Parse(content.AsSpan()[..^1]));
        Assert.Null(ListedRecipient.Parse(content.AsSpan()[..^3]));
    }

    [Fact]
    public void A_message_ends_though_a_place_where_it_waited_does_not_answer()
    {
        Add("z@far.example");
        DeferRemote();
        Give(new(QueueVerb.PauseDestination, new QueueSelection
        {
            Destination = "domain far.example"u8.ToArray(),
        }));
        ulong number = Add("a@far.example");
        Assert.Empty(DeferRemote());
        Reroute(number, "one.example:25", null);
        Delivery delivery = NextRemote()!;
        _world.Message(number).Delivered.Add("a@far.example");
        _core.Report(delivery, new DeliveryReport(0, Verdict.Delivered, []));
        Turn();
        Assert.True(IsEnded(number));
    }

    [Fact]
    public void A_relay_is_a_host_and_a_port()
    {
        foreach (string bad in (string[])
            ["a b:25", "a", "A:25", "a:0", "a:65536", ":25", "a:25:25", "[::1]", "[]:25", "a/b:25"])
        {
            Assert.Null(Sent(new QueueRequest(QueueVerb.Reroute, Of(1))
            {
                Via = Encoding.Latin1.GetBytes(bad),
            }));
        }

        foreach (string good in (string[])["a:25", "[::1]:2525", "192.0.2.1:25", ""])
        {
            Assert.NotNull(Sent(new QueueRequest(QueueVerb.Reroute, Of(1))
            {
                Via = Encoding.Latin1.GetBytes(good),
            }));
        }

        Assert.Null(Sent(new QueueRequest(QueueVerb.Reroute, Of(1))));
        Assert.Null(Sent(new QueueRequest(QueueVerb.Hold, Of(1)) { Via = "a:25"u8.ToArray() }));
    }

    private QueueCounts Reroute(ulong number, string via, string? recipient) => Give(
        new(QueueVerb.Reroute, Of(number) with
        {
            Recipient = recipient is null ? null : Encoding.Latin1.GetBytes(recipient),
        })
        {
            Via = Encoding.Latin1.GetBytes(via),
        });

    private Dictionary<string, string> Via(ulong number) => List(Of(number)).ToDictionary(
        one => Encoding.Latin1.GetString(one.Address), one => Encoding.Latin1.GetString(one.Via));

    private Delivery? NextRemote()
    {
        Delivery? delivery = null;
        for (int i = 0; i < 5 && delivery is null; i++)
        {
            delivery = _core.Next(DeliveryChannel.Remote, _now);
        }

        return delivery;
    }

    /// <summary>Starts all remote deliveries that are due, and then defers them; whom, and by which
    /// relay.</summary>
    private List<string> DeferRemote()
    {
        List<Delivery> running = [];
        while (NextRemote() is { } delivery)
        {
            running.Add(delivery);
        }

        List<string> tried = [];
        foreach (Delivery delivery in running)
        {
            foreach (string address in Make.Addresses(delivery))
            {
                tried.Add($"{address} {Encoding.Latin1.GetString(delivery.Route ?? [])}");
                _core.Report(delivery, new DeliveryReport(0, Verdict.Retry, "x\n"u8.ToArray()));
            }
        }

        Turn();
        return tried;
    }

    [Fact]
    public void A_reroute_that_the_queue_does_not_take_changes_nothing()
    {
        ulong number = Add("a@l.example");
        _world.IntakeCode = () => 53;
        QueueCounts counts = Give(new(QueueVerb.Reroute, Of(number))
        {
            To = "x@l.example"u8.ToArray(),
        });
        Assert.Equal((0UL, 1UL), (counts.Recipients, counts.Failed));
        Assert.Equal("a@l.example", Deliver());
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_retry_is_due_now_also_for_a_pass_that_is_open(int envelopeBytesMax)
    {
        _world.EnvelopeBytesMax = envelopeBytesMax;
        ulong number = Add("a@l.example");
        Defer("later\n");
        Assert.Null(Deliver());
        Give(new(QueueVerb.Retry, Of(number)));
        Delivery open = _core.Next(DeliveryChannel.Local, _now)!;
        Give(new(QueueVerb.Retry, Of(number)));
        _core.Report(open, new DeliveryReport(0, Verdict.Retry, []));
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
        _world.EnvelopeBytesMax = envelopeBytesMax;
        ulong number = Add("a@l.example", "b@l.example", "c@far.example");
        Defer("192.0.2.1 said: 451 later\n");
        Delivery running = _core.Next(DeliveryChannel.Local, _now)!;
        Give(new(QueueVerb.Hold, Of(number) with { Domain = "far.example"u8.ToArray() }));
        ListedRecipient[] listed = List(new QueueSelection());
        Assert.Equal(
            [ListedState.Waiting, ListedState.Running, ListedState.Held],
            listed.Select(one => one.State));
        Assert.Equal("192.0.2.1 said: 451 later\n", Encoding.Latin1.GetString(listed[0].Text));
        Assert.Equal((1U, _now), (listed[0].Tries, listed[0].LastTry));
        _core.Report(running, new DeliveryReport(0, Verdict.Delivered, []));
        Assert.Null(Deliver()); // The pass is over.
        listed = List(Of(number));
        Assert.True(listed[0].NextTry > _now);
        Assert.Equal([0U, 2U], listed.Select(one => one.Index));
    }

    [Fact]
    public void Messages_that_wait_on_the_disk_are_meant_too()
    {
        _core.Dispose();
        Start(memoryBytesMax: 400);
        ulong first = Add("a@l.example");
        ulong second = Add("b@l.example");
        _world.Message(second).Removed.Add("b@l.example");
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
        _now += 700;
        numbers[2] = Add("d@l.example");
        QueueSummary summary = Summary();
        Assert.Equal((3U, 0U, 1U, 4UL),
            (summary.InMemory, summary.OnDisk, summary.Held, summary.Recipients));
        Assert.Equal([1U, 0U, 2U, 0U, 0U, 0U, 0U], summary.Local.Ages);
        Assert.Equal([0U, 0U, 1U, 0U, 0U, 0U, 0U], summary.Remote.Ages);
        Assert.Equal((700UL, 700UL), (summary.Local.OldestSeconds, summary.Remote.OldestSeconds));
        _world.Message(numbers[0]).Removed.UnionWith(["a@l.example", "b@far.example"]);
        _world.Message(numbers[1]).Removed.Add("c@l.example");
        _world.Message(numbers[2]).Removed.Add("d@l.example");
        Give(new(QueueVerb.Remove, new QueueSelection()));
        Turn();
        summary = Summary();
        Assert.Equal((0U, 0UL), (summary.InMemory, summary.Recipients));
        Assert.Equal((0UL, 0UL), (summary.Local.OldestSeconds, summary.Remote.OldestSeconds));
    }

    private QueueSummary Summary() => QueueSummary.Parse(
        Answers(new(QueueVerb.Summary, new QueueSelection()))
            .Single(answer => answer.Kind == QueueFrame.Summary).Content)!;

    private static QueueSelection Of(ulong number) => new() { Numbers = [number] };

    /// <summary>A caller that asks for a long answer and does not read it holds up nobody's
    /// commands, neither another guest's nor root's.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public void Who_does_not_read_an_answer_makes_himself_wait(bool isGuest)
    {
        ulong number = Add([.. Enumerable.Range(0, 3000).Select(i => $"a{i}@l.example")]);
        CommandOutput[] held = [.. Enumerable.Range(0, 4).Select(_ => new CommandOutput())];
        foreach (CommandOutput output in held)
        {
            _commands.Add(List(), "guest", output, isGuest);
        }

        Step(100, () => false);
        Assert.All(held, output => Assert.True(output.IsFull && !output.IsComplete));
        Assert.False(_commands.HasWork); // Nothing turns while they do not read.
        Assert.Equal(1UL, Give(new(QueueVerb.Hold, Of(number))).Messages);
        CommandOutput another = new();
        _commands.Add(new(QueueVerb.Summary, new QueueSelection()), "guest", another, true);
        Step(10, () => another.IsComplete);
        Assert.True(another.IsComplete);

        int turns = 0;
        while (!held[0].IsComplete && turns++ < 100) // Who reads again has all of it.
        {
            held[0].Clear();
            Step(1, () => false);
        }

        Assert.True(held[0].IsComplete);
        Assert.False(held[1].IsComplete);
    }

    [Fact]
    public void Guests_and_all_others_have_every_second_step()
    {
        ulong number = Add([.. Enumerable.Range(0, 9000).Select(i => $"a{i}@l.example")]);
        CommandOutput[] guests = [.. Enumerable.Range(0, 4).Select(_ => new CommandOutput())];
        foreach (CommandOutput output in guests)
        {
            _commands.Add(
                List() with { Selection = Of(number) with { Recipient = "none@x"u8.ToArray() } },
                "guest", output, isGuest: true);
        }

        CommandOutput root = new();
        _commands.Add(new(QueueVerb.Summary, new QueueSelection()), "uid 0", root);
        Step(4, () => root.IsComplete);
        Assert.True(root.IsComplete);
        Assert.All(guests, output => Assert.False(output.IsComplete));
    }

    [Fact]
    public void A_short_question_is_answered_beside_long_ones_of_the_same_user()
    {
        ulong number = Add([.. Enumerable.Range(0, 9000).Select(i => $"a{i}@l.example")]);
        CommandOutput[] searches = [.. Enumerable.Range(0, 2).Select(_ => new CommandOutput())];
        foreach (CommandOutput output in searches)
        {
            _commands.Add(
                List() with { Selection = Of(number) with { Recipient = "none@x"u8.ToArray() } },
                "guest", output, isGuest: true);
        }

        CommandOutput plots = new();
        _commands.Add(new(QueueVerb.Summary, new QueueSelection()), "guest", plots, isGuest: true);
        Step(6, () => plots.IsComplete);
        Assert.True(plots.IsComplete);
        Assert.All(searches, output => Assert.False(output.IsComplete));
        Step(100, () => false);
        Assert.All(searches, output => Assert.True(output.IsComplete));
    }

    [Fact]
    public void Commands_whose_callers_are_gone_do_not_count()
    {
        Add("a@l.example");
        CommandOutput gone = new();
        _commands.Add(List(), "guest", gone, isGuest: true);
        _commands.Add(List(), "uid 0", new CommandOutput());
        Assert.Equal((1, 1), (_commands.Count(isGuest: true), _commands.Count(isGuest: false)));
        gone.IsClosed = true;
        Assert.Equal((0, 1), (_commands.Count(isGuest: true), _commands.Count(isGuest: false)));
        Step(2, () => false);
        Assert.Equal(0, _commands.Count(isGuest: false));
        Assert.False(_commands.HasWork);
    }

    private static QueueRequest List() => new(QueueVerb.List, new QueueSelection());

    private void Step(int most, Func<bool> isOver)
    {
        for (int i = 0; i < most && !isOver(); i++)
        {
            _commands.Step(_now);
            _core.MakeDurable();
            _commands.OnMarks(isSettled: true);
            _world.Flush();
        }
    }

    private void Start(long memoryBytesMax = long.MaxValue, bool batch = false)
    {
        _core = _world.Start(_now, batch, memoryBytesMax: memoryBytesMax);
        _commands = new CommandQueue(_core.Actions);
    }

    /// <summary>Only what is durable is left.</summary>
    private void Crash()
    {
        _world.Flush();
        _world.Crash(new Random(1));
        Start();
        Turn();
    }

    private ulong Add(params string[] recipients)
    {
        ulong number = _world.Add(_now, "s@far.example", recipients);
        _core.MoreToRead = true;
        Turn();
        return number;
    }

    private void Turn()
    {
        _core.ReadNew(_now);
        _core.FinishMessages(_now);
        _core.MakeDurable();
        _world.Flush();
    }

    private void Later() => _now += 100_000;

    /// <summary>Delivers the next local recipient; null where none is due.</summary>
    private string? Deliver()
    {
        // A look may find nothing at first: passes close, and open again.
        Delivery? delivery = null;
        for (int i = 0; i < 3 && delivery is null; i++)
        {
            delivery = _core.Next(DeliveryChannel.Local, _now);
        }

        if (delivery is null)
        {
            return null;
        }

        string address = Make.Addresses(delivery).Single();
        _world.Message(delivery.Message.Number).Delivered.Add(address);
        _core.SetTime(_now, 0);
        _core.Report(delivery, new DeliveryReport(0, Verdict.Delivered, []));
        Turn();
        return address;
    }

    private void Defer(string text)
    {
        Delivery delivery = _core.Next(DeliveryChannel.Local, _now)!;
        _core.Report(
            delivery, new DeliveryReport(0, Verdict.Retry, Encoding.Latin1.GetBytes(text)));
    }

    private bool IsEnded(ulong number) => _world.Message(number).IsEnded;

    private QueueCounts Give(QueueRequest request) => Answers(request)
        .Where(answer => answer.Kind == QueueFrame.End)
        .Select(answer => QueueCounts.Parse(answer.Content)!.Value).Single();

    private static QueueRequest? Sent(QueueRequest request)
    {
        ArrayBufferWriter<byte> frame = new();
        request.Write(frame);
        return QueueRequest.Parse(
            frame.WrittenSpan[sizeof(uint)], frame.WrittenSpan[QueueFrame.HeadBytes..]);
    }

    private List<string> Rows(QueueSelection selection)
    {
        List<string> rows = [];
        ulong number = 0;
        foreach ((byte kind, byte[] content) in Answers(Sent(
            new QueueRequest(QueueVerb.List, selection))!))
        {
            number = kind == QueueFrame.Message
                ? ListedMessage.Parse(content)!.Number : number;
            if (kind == QueueFrame.Recipient)
            {
                string address =
                    Encoding.ASCII.GetString(ListedRecipient.Parse(content)!.Address);
                rows.Add($"{number} {address}");
            }
        }

        return rows;
    }

    private ListedRecipient[] List(QueueSelection selection) =>
        [.. Answers(new QueueRequest(QueueVerb.List, selection))
            .Where(answer => answer.Kind == QueueFrame.Recipient)
            .Select(answer => ListedRecipient.Parse(answer.Content)!)];

    private List<(byte Kind, byte[] Content)> Answers(QueueRequest request)
    {
        CommandOutput output = new();
        _commands.Add(request, "uid 0", output);
        for (int i = 0; i < 100 && !output.IsComplete; i++)
        {
            _commands.Step(_now);
            _core.FinishMessages(_now);
            _core.MakeDurable();
            _commands.OnMarks(isSettled: true);
            _world.Flush();
        }

        Assert.True(output.IsComplete);
        List<(byte, byte[])> answers = [];
        ReadOnlySpan<byte> rest = output.Bytes.WrittenSpan;
        while (!rest.IsEmpty)
        {
            int length = QueueFrame.LengthOf(rest, QueueFrame.AnswerBytesMax);
            answers.Add((rest[sizeof(uint)], rest[QueueFrame.HeadBytes..length].ToArray()));
            rest = rest[length..];
        }

        return answers;
    }
}
