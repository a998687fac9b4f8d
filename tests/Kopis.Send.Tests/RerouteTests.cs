using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Queue.Commands;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>Recipients that are sent to another address, or by another host.</summary>
public sealed class RerouteTests : CommandCase
{
    [Fact]
    public void A_reroute_queues_one_copy_and_drops_the_recipients()
    {
        ulong number = Add("a@far.example", "b@far.example", "c@l.example");
        World.Message(number).Removed.UnionWith(["a@far.example", "b@far.example"]);
        QueueCounts counts = Give(new(QueueVerb.Reroute, Of(number) with
        {
            Domain = "FAR.example"u8.ToArray(),
        })
        { To = "x@l.example"u8.ToArray() });
        Assert.Equal(2UL, counts.Recipients);
        Assert.Equal(["x@l.example"], World.Message(Assert.Single(World.Copies)).Recipients);
        Assert.Equal("c@l.example", Deliver());
        Assert.True(IsEnded(number));
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void A_recipient_goes_by_a_relay_until_it_is_sent_the_usual_way(int envelopeBytesMax)
    {
        World.EnvelopeBytesMax = envelopeBytesMax;
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
        Assert.Empty(World.Copies);
        Later();
        Assert.Equal(["a@far.example ", "b@far.example "], DeferRemote().Order());
    }

    [Theory, MemberData(nameof(EnvelopeSizes))]
    public void Who_waits_for_a_destination_goes_by_a_relay_at_once_and_only_once(
        int envelopeBytesMax)
    {
        World.EnvelopeBytesMax = envelopeBytesMax;
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
        Core.Dispose();
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
        World.Message(number).Delivered.Add("a@far.example");
        Core.Report(delivery, new DeliveryReport(0, Verdict.Delivered, []));
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
            delivery = Core.Next(DeliveryChannel.Remote, Now);
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
                Core.Report(delivery, new DeliveryReport(0, Verdict.Retry, "x\n"u8.ToArray()));
            }
        }

        Turn();
        return tried;
    }

    [Fact]
    public void A_reroute_that_the_queue_does_not_take_changes_nothing()
    {
        ulong number = Add("a@l.example");
        World.IntakeCode = () => 53;
        QueueCounts counts = Give(new(QueueVerb.Reroute, Of(number))
        {
            To = "x@l.example"u8.ToArray(),
        });
        Assert.Equal((0UL, 1UL), (counts.Recipients, counts.Failed));
        Assert.Equal("a@l.example", Deliver());
    }
}
