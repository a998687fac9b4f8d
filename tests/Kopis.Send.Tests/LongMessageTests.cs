using Kopis.Base;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>Messages whose envelopes stay on the disk until their turn comes.</summary>
public sealed class LongMessageTests : IDisposable
{
    private readonly World _world = new() { EnvelopeBytesMax = 200 };

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Each_recipient_of_a_long_envelope_is_delivered_to_once_on_its_channel()
    {
        string[] all = [.. Enumerable.Range(0, 3000).Select(i => Address(i))];
        ulong number = _world.Add(Make.Born, "s@l.example", all);
        using SendCore core = _world.Start(Make.Born);
        core.ReadNew(Make.Born);
        List<string> delivered = DeliverAll(core);
        Assert.Equal(all.Order(), delivered.Order());
        Assert.True(_world.Message(number).IsEnded);
    }

    [Fact]
    public void Deferred_recipients_of_a_long_envelope_wait_for_the_next_pass()
    {
        string[] all = [.. Enumerable.Range(0, 40).Select(i => Address(i))];
        _world.Add(Make.Born, "s@l.example", all);
        using SendCore core = _world.Start(Make.Born);
        core.ReadNew(Make.Born);
        List<string> first = DeliverAll(core, address => address.StartsWith("n1", OrdinalCase));
        Assert.Equal(all.Length, first.Count);
        List<string> second = DeliverAll(core, at: Make.Born + 400);
        Assert.Equal(all.Where(a => a.StartsWith("n1", OrdinalCase)).Order(), second.Order());
    }

    [Fact]
    public void What_was_done_is_not_done_again_after_a_restart()
    {
        string[] all = [.. Enumerable.Range(0, 2000).Select(i => Address(i))];
        _world.Add(Make.Born, "s@l.example", all);
        List<string> delivered = [];
        using (SendCore core = _world.Start(Make.Born))
        {
            core.ReadNew(Make.Born);
            while (delivered.Count < 1100 && DeliverOne(core, Make.Born, _ => false) is { } some)
            {
                delivered.AddRange(some);
            }

            core.MakeDurable();
        }

        using SendCore next = _world.Start(Make.Born);
        delivered.AddRange(DeliverAll(next));
        Assert.Equal(all.Order(), delivered.Order());
    }

    [Fact]
    public void An_envelope_that_cannot_be_read_waits_and_others_do_not()
    {
        string[] all = [.. Enumerable.Range(0, 100).Select(i => Address(i))];
        _world.Add(Make.Born, "s@l.example", all);
        _world.Add(Make.Born, "s@l.example", "friend@l.example");
        using SendCore core = _world.Start(Make.Born);
        core.ReadNew(Make.Born);
        _world.BeforeRead = () => throw new IOException("no such luck");
        Assert.Equal(["friend@l.example"], DeliverAll(core));
        _world.Flush();
        Assert.Contains(_world.Log, line => line.Contains(
            "trouble reading the recipients of msg", StringComparison.Ordinal));
        _world.BeforeRead = () => { };
        Assert.Equal(all.Order(), DeliverAll(core, at: Make.Born + 500).Order());
    }

    [Fact]
    public void Many_long_envelopes_of_one_submitter_leave_the_others_their_turn_and_memory()
    {
        string[] list = [.. Enumerable.Range(0, 2000).Select(i => $"n{i}@l.example")];
        int opened = 0;
        _world.BeforeRead = () => opened++;
        for (int i = 0; i < 100; i++)
        {
            _world.Add(Make.Born, "mallory@l.example", list);
        }

        _world.Add(Make.Born, "mallory@l.example", "short@l.example");
        _world.Uid = 1001;
        _world.Add(Make.Born, "bob@l.example", "friend@l.example");
        using SendCore core = _world.Start(Make.Born);
        core.MoreToRead = true;
        core.ReadNew(Make.Born);
        core.ReadNew(Make.Born);
        List<string> first = [];
        for (int looks = 0; looks < 60 && first.Count < 20; looks++)
        {
            first.AddRange(DeliverOne(core, Make.Born, _ => false) ?? []);
        }

        Assert.Contains("friend@l.example", first);
        Assert.Contains("short@l.example", first);
        Assert.InRange(opened, 1, 20); // Not all of a hundred, nor again and again.
    }

    [Fact]
    public void Where_memory_is_full_new_messages_wait_on_the_disk_and_come_in_order()
    {
        for (int i = 0; i < 200; i++)
        {
            _world.Add(Make.Born, "s@l.example", $"n{i}@l.example");
        }

        using SendCore core = _world.Start(Make.Born, memoryBytesMax: 5_000);
        core.ReadNew(Make.Born);
        core.ReadNew(Make.Born);
        List<string> delivered = [];
        for (int turn = 0; turn < 100 && delivered.Count < 200; turn++)
        {
            delivered.AddRange(DeliverAll(core));
            core.ReadNew(Make.Born);
        }

        _world.Flush();
        Assert.Equal(200, delivered.Distinct().Count());
        Assert.Single(_world.Log, line => line.Contains("queuememory", StringComparison.Ordinal));
    }

    /// <summary>Before: the memory was full of messages that a submitter's own program put off for
    /// a week, and for that time nobody's mail was delivered.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void A_submitters_flood_leaves_memory_to_others(bool isStartedAgain)
    {
        _world.Uid = 666;
        for (int i = 0; i < 1000; i++)
        {
            _world.Add(Make.Born, "mallory@l.example", $"n{i}@l.example");
        }

        for (uint uid = 1001; uid < 1004; uid++)
        {
            _world.Uid = uid;
            _world.Add(Make.Born, "s@l.example", $"friend{uid}@l.example");
        }

        SendCore core = _world.Start(Make.Born, memoryBytesMax: 40_000);
        HashSet<string> tried = [];
        for (long now = Make.Born; now < Make.Born + 20; now++)
        {
            core.ReadNew(now);
            tried.UnionWith(DeliverAll(core, address => address[0] == 'n', now));
            if (isStartedAgain && now == Make.Born + 10)
            {
                core.SaveAll();
                core.Dispose();
                core = _world.Start(now, memoryBytesMax: 40_000);
            }
        }

        Assert.Equal(3, tried.Count(address => address[0] == 'f'));
        Assert.InRange(tried.Count, 50, 400); // Of the flood, what had room.
        for (long now = Make.Born + 1000; tried.Count < 1003; now += 1000)
        {
            Assert.InRange(now, 0, Make.Born + 500_000);
            core.ReadNew(now);
            tried.UnionWith(DeliverAll(core, at: now));
        }

        core.Dispose();
    }

    [Fact]
    public void Equal_failures_of_one_message_are_counted_after_the_first()
    {
        const int count = 20_000;
        ulong number = _world.Add(Make.Born, "s@l.example",
            [.. Enumerable.Range(0, count).Select(i => i == count - 2
                ? "good@l.example" : $"n{i}@l.example")]);
        using SendCore core = _world.Start(Make.Born);
        core.ReadNew(Make.Born);
        List<Delivery> running = [];
        bool more = true;
        while (more || running.Count > 0)
        {
            Delivery? next = core.Next(DeliveryChannel.Local, Make.Born);
            more = next is not null;
            if (next is not null)
            {
                running.Add(next);
            }

            if (running.Count == 10 || (!more && running.Count > 0))
            {
                Report(core, running[0]);
                running.RemoveAt(0);
            }

            Assert.Null(core.Next(DeliveryChannel.Remote, Make.Born)); // It finds nothing there.
            more |= core.NextDue(roomLocal: true, roomRemote: true) <= Make.Born;
        }

        core.FinishMessages(Make.Born);
        core.MakeDurable();
        _world.Flush();
        Assert.InRange(_world.Log.Count, 2000, 2100);
        Assert.Single(_world.Log, line => line.Contains("good@l.example", OrdinalCase));
        Assert.Single(_world.Log, line => line.Contains(": success: ", OrdinalCase));
        string told = Assert.Single(_world.Log, line => line.StartsWith(
            $"warning: msg {number}: ", OrdinalCase));
        int starts = _world.Log.Count(line => line.StartsWith("starting delivery ", OrdinalCase));
        Assert.Equal(count - starts, int.Parse(told.Split(' ')[3]));
        Assert.Equal(starts, _world.Log.Count(line => line.StartsWith("delivery ", OrdinalCase)));
    }

    private static StringComparison OrdinalCase => StringComparison.Ordinal;

    private static string Address(int i) => $"n{i}@{(i % 3 == 0 ? "h" : "l")}.example";

    private void Report(SendCore core, Delivery delivery)
    {
        bool isGood = Make.Addresses(delivery)[0] == "good@l.example";
        string address = Make.Addresses(delivery)[0];
        if (isGood)
        {
            _world.Message(delivery.Message.Number).Delivered.Add(address);
        }

        core.Report(delivery, new DeliveryReport(
            0, isGood ? Verdict.Delivered : Verdict.Failed, "no\n"u8.ToArray()));
    }

    /// <summary>Delivers what is due, in the order that it comes.</summary>
    private List<string> DeliverAll(
        SendCore core, Func<string, bool>? isDeferred = null, long at = Make.Born)
    {
        List<string> delivered = [];
        while (DeliverOne(core, at, isDeferred ?? (_ => false)) is { } some)
        {
            delivered.AddRange(some);
            if (some.Length == 0)
            {
                core.ReadNew(at); // What waited for room may be due.
            }
        }

        core.FinishMessages(at);
        core.MakeDurable();
        _world.Flush();
        return delivered;
    }

    /// <summary>Null where nothing is due; empty where nothing was found yet.</summary>
    private string[]? DeliverOne(SendCore core, long at, Func<string, bool> isDeferred)
    {
        foreach (DeliveryChannel channel in Enum.GetValues<DeliveryChannel>())
        {
            if (core.Next(channel, at) is not { } delivery)
            {
                continue;
            }

            string[] addresses = Make.Addresses(delivery);
            foreach (string address in addresses)
            {
                bool isLater = isDeferred(address);
                if (!isLater)
                {
                    _world.Message(delivery.Message.Number).Delivered.Add(address);
                }

                core.Report(delivery, new DeliveryReport(
                    0, isLater ? Verdict.Retry : Verdict.Delivered, "text\n"u8.ToArray()));
            }

            return addresses;
        }

        long due = core.NextDue(roomLocal: true, roomRemote: true);
        return due <= at && !core.MoreToRead ? [] : null;
    }
}
