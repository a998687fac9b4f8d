using Kopis.Base;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>Nobody's mail waits for another user's programs, lists or floods.</summary>
[Collection(MemoryIsMeasured.Name)]
public class FairnessTests
{
    private const int Concurrency = 10;
    private const int Shared = Concurrency / 2;

    private readonly Scheduler _scheduler = new(604_800, batch: false, Shared);
    private readonly List<Delivery> _running = [];
    private ulong _number;

    [Fact]
    public void Deliveries_of_one_user_never_take_all_places()
    {
        AddEach(14, i => $"l{(i % 2 == 0 ? "mallory" : "MALLORY")}-{i}@d{i}");
        Fill();
        Assert.Equal(Shared, _running.Count);
        AddEach(1, _ => "lalice@d");
        Assert.Equal(["lalice@d"], StartOne());
    }

    [Fact]
    public void Several_users_with_hanging_deliveries_leave_room_as_well()
    {
        for (int user = 0; user < 5; user++)
        {
            AddEach(14, i => $"lmallory{user}-{i}@d");
            Fill();
        }

        Assert.Equal(Concurrency - 1, _running.Count);
        AddEach(1, _ => "lalice@d");
        Assert.Equal(["lalice@d"], StartOne());
    }

    [Fact]
    public void What_had_no_room_is_delivered_in_order_when_there_is_some()
    {
        string[] all = [.. Enumerable.Range(0, 14).Select(i => $"lmallory-{i}@d")];
        _scheduler.Add(Make.Message(1, "s@x", all));
        List<string> order = [];
        while (Fill() + _running.Count > 0)
        {
            order.AddRange(Make.Addresses(_running[0]));
            _scheduler.Report(_running[0], Verdict.Delivered);
            _running.RemoveAt(0);
        }

        Assert.Equal(all, order);
        Assert.Null(_scheduler.NextDue(DeliveryChannel.Local));
        Assert.NotNull(_scheduler.DequeueFinished());
    }

    [Fact]
    public void A_user_without_room_does_not_keep_others_on_the_same_list_waiting()
    {
        string[] list =
            [.. Enumerable.Range(0, 3000).Select(i => $"lmallory-{i}@d"), "lalice@d"];
        _scheduler.Add(Make.Message(1, "list@d", list));
        Fill();
        Assert.Equal(Shared + 1, _running.Count);
        Assert.Equal(["lalice@d"], Make.Addresses(_running[^1]));
    }

    [Fact]
    public void A_pass_is_over_when_the_last_of_those_without_room_is()
    {
        WholeMessage message = Make.Message(
            1, "s@x", [.. Enumerable.Range(0, Shared + 1).Select(i => $"lmallory-{i}@d")]);
        _scheduler.Add(message);
        Fill();
        foreach (Delivery delivery in _running)
        {
            _scheduler.Report(delivery, Verdict.Retry);
        }

        Assert.Equal(Make.Born, message.Due(DeliveryChannel.Local)); // The pass is still open.
        Delivery last = _scheduler.Next(DeliveryChannel.Local, Make.Born)!;
        _scheduler.Report(last, Verdict.Retry);
        Assert.Equal(Make.Born + 100, message.Due(DeliveryChannel.Local));
    }

    [Theory]
    [InlineData(DeliveryChannel.Local), InlineData(DeliveryChannel.Remote)]
    internal void A_flood_of_one_submitter_does_not_keep_anothers_message_waiting(
        DeliveryChannel channel)
    {
        string kind = channel == DeliveryChannel.Local ? "l" : "r";
        for (int i = 0; i < 100_000; i++)
        {
            _scheduler.Add(Make.MessageOf(666, ++_number, "mallory@d", $"{kind}{i}@d{i}"));
        }

        _scheduler.Add(Make.MessageOf(1000, ++_number, "bob@d", $"{kind}alice@d"));
        List<string> first = [];
        for (int i = 0; i < 20; i++)
        {
            first.AddRange(Make.Addresses(_scheduler.Next(channel, Make.Born)!));
        }

        Assert.Contains($"{kind}alice@d", first);
    }

    [Fact]
    public void A_flood_to_one_user_does_not_keep_another_of_the_same_submitter_waiting()
    {
        AddEach(100_000, _ => "lmallory@d");
        AddEach(1, _ => "lalice@d");
        for (int i = 0; i < 200; i++) // Each look is short.
        {
            Fill();
        }

        Assert.Contains("lalice@d", _running.SelectMany(Make.Addresses));
    }

    [Fact]
    public void A_local_list_and_personal_mail_take_turns()
    {
        string[] list = [.. Enumerable.Range(0, 100_000).Select(i => $"l{i}@d")];
        _scheduler.Add(Make.Message(1, "list@d", list));
        Fill();
        _scheduler.Report(_running[0], Verdict.Delivered);
        _scheduler.Report(_running[1], Verdict.Delivered);
        _scheduler.Add(Make.Message(2, "joe@d", "lfriend@d"));
        Assert.Contains("lfriend@d", (string[])[.. StartOne(), .. StartOne()]);
    }

    private void AddEach(int count, Func<int, string> recipient)
    {
        for (int i = 0; i < count; i++)
        {
            _scheduler.Add(Make.Message(++_number, "s@x", recipient(i)));
        }
    }

    /// <summary>Starts what has room, as the loop does; how many.</summary>
    private int Fill()
    {
        int before = _running.Count;
        for (int looks = 0; looks < 10 && _running.Count < Concurrency; looks++)
        {
            if (_scheduler.Next(DeliveryChannel.Local, Make.Born) is { } delivery)
            {
                _running.Add(delivery);
            }
        }

        return _running.Count - before;
    }

    private string[] StartOne() =>
        Make.Addresses(_scheduler.Next(DeliveryChannel.Local, Make.Born)!);
}
