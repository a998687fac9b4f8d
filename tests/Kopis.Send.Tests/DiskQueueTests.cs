using System.Text;
using Kopis.Config.Maps;
using Kopis.Queue.Commands;
using Kopis.Queue.Store.State;
using Kopis.Send.Bounces;
using Kopis.Send.Commands;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>Commands about a queue of which nearly all waits on the disk: complete, in small steps,
/// and within the memory that the queue may have.</summary>
[Collection(MemoryIsMeasured.Name)]
[Trait("Size", "large")]
public sealed class DiskQueueTests : IDisposable
{
    private const int Count = 200_000;
    private const int Long = Count / ManyMessages.LongEach;
    private const int Recipients = (2 * (Count - Long)) + (ManyMessages.LongRecipients * Long);
    private const int StepsBetweenSyncs = 200; // Nothing that is asked here depends on it.
    private const long MemoryMax = 8_000_000;
    private const long LargeMemory = 64_000_000; // For more than half of them.

    private readonly World _world = new(); // For its control files.
    private readonly NoBounces _noBounces = new();
    private MemoryDisk _disk = new();
    private readonly QueueMemory _memory = new(MemoryMax);
    private ManyMessages _mess = null!;
    private Scheduler _scheduler = null!;
    private QueueState _queue = null!;
    private SendCore _core = null!;
    private CommandQueue _commands = null!;
    private int _readAtOnce;
    private int _byRelay; // Recipients of the last list that go by a relay.

    public DiskQueueTests() => Start(_memory);

    public void Dispose()
    {
        _core.Dispose();
        _world.Dispose();
    }

    [Fact]
    public void A_list_and_a_dry_run_have_all_and_leave_it_there()
    {
        int inMemory = _scheduler.Messages.Count;
        Assert.InRange(inMemory, 1, Count / 5);
        Assert.Equal(Count - inMemory, _queue.OnDisk.Count);
        (QueueCounts counts, int listed) = Give(new(QueueVerb.List, new QueueSelection()));
        Assert.Equal((Count, Recipients), ((int)counts.Messages, (int)counts.Recipients));
        Assert.Equal(Recipients, listed);
        QueueSelection one = new() { Recipient = "user39-199900@l.example"u8.ToArray() };
        Assert.Equal(1, Give(new(QueueVerb.List, one)).Listed);
        QueueRequest dry = new(
            QueueVerb.Remove, new QueueSelection { Domain = "far.example"u8.ToArray() })
        {
            IsDry = true,
        };
        Assert.Equal((ulong)Count, Give(dry).Counts.Recipients);
        Assert.Equal(inMemory, _scheduler.Messages.Count);
        Assert.InRange(_readAtOnce, 1, 64);
    }

    /// <summary>In memory, and on the disk.</summary>
    [Theory, InlineData(1), InlineData(Count - 1)]
    public void One_message_is_shown_in_one_step_however_many_there_are(int index)
    {
        ulong number = ManyMessages.NumberOf(index);
        Assert.Equal(index == 1, _scheduler.Find(number) is not null);
        CommandOutput output = new();
        _commands.Add(
            new(QueueVerb.List, new QueueSelection { Numbers = [number] }), "uid 0", output);
        int opened = _mess.Opened;
        _commands.Step(Make.Born);
        Assert.False(_commands.HasWork);
        Assert.Equal(index == 1 ? 0 : 1, _mess.Opened - opened);
        _commands.OnMarks(isSettled: true);
        Assert.True(output.IsComplete);
    }

    /// <summary>Before: a hold of all had all in memory, whatever queuememory said.</summary>
    [Fact]
    public void A_hold_of_all_takes_no_memory_and_outlives_a_restart()
    {
        int inMemory = _scheduler.Messages.Count;
        Assert.Equal((ulong)Recipients, Give(new(QueueVerb.Hold, new())).Counts.Recipients);
        Assert.Equal(inMemory, _scheduler.Messages.Count);
        Assert.False(_memory.IsFull);
        Assert.InRange(_readAtOnce, 1, 64);
        QueueSelection held = new() { State = ListedState.Held };
        Assert.Equal(Recipients, Give(new(QueueVerb.List, held)).Listed);
        Assert.Null(_core.Next(DeliveryChannel.Local, Make.Born));

        _core.Dispose();
        QueueMemory memory = new(MemoryMax);
        Start(memory);
        Assert.False(memory.IsFull);
        Assert.InRange(_scheduler.Messages.Count, 1, Count / 5);
        Assert.Equal(Recipients, Give(new(QueueVerb.List, held)).Listed);
        Assert.Null(_core.Next(DeliveryChannel.Local, Make.Born));
        Assert.Equal((ulong)Recipients, Give(new(QueueVerb.Release, new())).Counts.Recipients);
        Assert.Equal(0, Give(new(QueueVerb.List, held)).Listed);
        Assert.Equal(0, _queue.OnDisk.HeldCount);
        Assert.NotNull(_core.Next(DeliveryChannel.Local, Make.Born));
    }

    /// <summary>Before: the next state file did not know that it was held.</summary>
    [Fact]
    public void One_that_is_set_aside_is_held_when_it_can_be_read_again()
    {
        Give(new(QueueVerb.Hold, new()));
        ulong lost = _queue.OnDisk.Rows[0].Oldest;
        _mess.Lost = lost;
        _memory.BytesMax = 2 * MemoryMax;
        _queue.ReadWaiting(Make.Born);
        Assert.False(_queue.OnDisk.Rows[0].Contains(lost));
        Assert.Null(_scheduler.Find(lost));
        _queue.WriteSnapshot();

        _core.Dispose();
        Start(new QueueMemory(MemoryMax));
        Assert.NotNull(_queue.Find(lost)!.Held);
    }

    [Fact]
    public void One_recipient_of_each_is_held_and_released()
    {
        QueueSelection far = new() { Domain = "far.example"u8.ToArray() };
        int inMemory = _scheduler.Messages.Count;
        Give(new(QueueVerb.Hold, far));
        Assert.Equal(inMemory, _scheduler.Messages.Count);
        QueueSelection held = new() { State = ListedState.Held };
        Assert.Equal(Count, Give(new(QueueVerb.List, held)).Listed);
        Give(new(QueueVerb.Release, far));
        Assert.Equal(0, Give(new(QueueVerb.List, held)).Listed);
        Assert.Equal(0, _queue.OnDisk.HeldCount);
        Assert.False(_memory.IsFull);
    }

    [Fact]
    public void What_is_removed_of_the_disk_is_gone()
    {
        QueueSelection all = new() { Sender = "s@l.example"u8.ToArray() };
        Assert.Equal((ulong)Recipients, Give(new(QueueVerb.Remove, all)).Counts.Recipients);
        Assert.Equal((0, 0), (_scheduler.Messages.Count, _queue.OnDisk.Count));
        Assert.Equal(0, Give(new(QueueVerb.List, new())).Listed);
        Assert.Equal(0, _memory.Used);
    }

    /// <summary>Before: all who submit over the network had one part of the memory, and a flood of
    /// one of them took it.</summary>
    [Fact]
    public void A_flood_from_the_network_leaves_memory_to_others_there()
    {
        const int Others = 500;
        _core.Dispose();
        _disk = new MemoryDisk();
        QueueMemory memory = new(MemoryMax);
        Start(memory, index => index < Count - Others ? 1 : (uint)(index - Count + Others + 2));
        Assert.InRange(_queue.OnDisk.Count, Count / 2, Count - Others);
        Assert.False(memory.IsFull);
        for (int i = Count - Others; i < Count; i++)
        {
            Assert.NotNull(_scheduler.Find(ManyMessages.NumberOf(i)));
        }
    }

    /// <summary>Before: past three quarters of queuememory others went the usual way.</summary>
    [Fact]
    public void A_large_queue_goes_by_a_relay_and_outlives_a_restart()
    {
        QueueMemory memory = StartLarge();
        int inMemory = _scheduler.Messages.Count;
        QueueCounts counts = Reroute(new(), "relay.example:25");
        Assert.Equal(((ulong)Count, 0UL), (counts.Recipients, counts.Failed));
        Assert.Equal(inMemory, _scheduler.Messages.Count);
        Assert.Equal(Count, ByRelay());
        Assert.Equal(0UL, Reroute(new(), "relay.example:25").Recipients);

        _core.Dispose();
        Start(memory = new QueueMemory(LargeMemory));
        Assert.InRange(_scheduler.Messages.Count, 1, inMemory);
        Assert.Equal(Count, ByRelay());
        memory.BytesMax = 4 * LargeMemory;
        while (_queue.HasReady)
        {
            _queue.ReadWaiting(Make.Born);
        }

        Assert.Equal(0, _queue.OnDisk.Count);
        Assert.Equal(Count, ByRelay());
        Assert.Equal((ulong)Count, Reroute(new(), "").Recipients);
        Assert.Equal(0, ByRelay());
    }

    [Fact]
    public void What_goes_by_a_relay_is_taken_up_before_its_submitter_has_room()
    {
        QueueMemory memory = StartLarge();
        ulong number = ManyMessages.NumberOf(Count - 1);
        memory.BytesMax = memory.Used * 3 / 2; // More than five eighths are taken.
        QueueSelection last = new() { Domain = "far.example"u8.ToArray(), Numbers = [number] };
        Assert.Equal(1UL, Reroute(last, "relay.example:25").Recipients);
        Assert.Null(_scheduler.Find(number));
        Assert.False(_queue.HasReady);
        Assert.Equal(1UL, Reroute(last, "").Recipients);
        Assert.Equal(1UL, Reroute(last, "relay.example:25").Recipients);
        memory.BytesMax = memory.Used * 7 / 4; // Less are; the submitter has more than is free.
        Assert.True(_queue.HasReady);
        _queue.ReadWaiting(Make.Born);
        Assert.NotNull(_scheduler.Find(number)!.Routes);
        Assert.False(_queue.HasReady);

        ulong another = ManyMessages.NumberOf(Count - 2);
        Reroute(last with { Numbers = [another] }, "relay.example:25");
        Assert.NotNull(_scheduler.Find(another)); // At once.
    }

    [Fact]
    public void Who_goes_by_a_relay_leaves_memory_to_new_mail()
    {
        QueueCounts counts = Reroute(new(), "relay.example:25");
        Assert.InRange(counts.Failed, 1UL, (ulong)Count);
        Assert.Equal((ulong)Count, counts.Recipients + counts.Failed);
        Assert.Equal((int)counts.Recipients, ByRelay());
        Assert.InRange(_memory.Used, 0, MemoryMax - (MemoryMax / 9));
        Reroute(new(), "");
        Assert.Equal(0, ByRelay());
    }

    [Theory, InlineData(1), InlineData(40)]
    public void Ways_take_no_more_memory_than_is_counted(int recipients)
    {
        RecipientRoutes[] all = new RecipientRoutes[10_000];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = new RecipientRoutes();
            for (int recipient = recipients; recipient > 0; recipient--)
            {
                all[i].Set(recipient, (ushort)recipient);
            }
        }

        long bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(bytes / all.Length, 1, all[0].MemoryBytes);
        Assert.Equal(recipients, all[0].All.Count(pair => pair.Key == pair.Value));
        Assert.Equal(recipients, all[0].Count);
        all[0].Set(recipients, StateRoutes.Usual);
        all[0].Set(1, 7);
        Assert.Equal(recipients == 1 ? 1 : recipients - 1, all[0].Count);
        Assert.Equal(7, all[0].Of(1));
        Assert.Equal(0, all[0].Of(recipients + 1));
        GC.KeepAlive(all);
    }

    /// <summary>More than half of it is in memory.</summary>
    private QueueMemory StartLarge()
    {
        _core.Dispose();
        _disk = new MemoryDisk();
        QueueMemory memory = new(LargeMemory);
        Start(memory);
        Assert.InRange(_scheduler.Messages.Count, Count / 2, 3 * Count / 4);
        return memory;
    }

    private QueueCounts Reroute(QueueSelection selection, string via) => Give(
        new(QueueVerb.Reroute, selection) { Via = Encoding.ASCII.GetBytes(via) }).Counts;

    private int ByRelay()
    {
        Give(new(QueueVerb.List, new()));
        return _byRelay;
    }

    private void Start(QueueMemory memory, Func<int, uint>? clientOf = null)
    {
        SendLog log = new(_ => { });
        _scheduler = new Scheduler(604_800, batch: false);
        StateLog marks = new(_disk, MemoryDisk.Directory);
        AddressMap addresses = AddressMap.Read(_world.Control);
        _mess = new ManyMessages(Count) { ClientOf = clientOf ?? (_ => 0) };
        _queue = new QueueState(_mess, marks, _scheduler, addresses, new NoCleaner(), log, memory)
        {
            Bounces = _noBounces,
        };
        _core = new SendCore(
            _scheduler, marks, _queue, new BouncePolicy(_noBounces, delaySeconds: 0, log),
            addresses, log);
        _core.Recover(Make.Born);
        while (_core.MoreToRead)
        {
            _core.ReadNew(Make.Born);
        }

        _commands = new CommandQueue(_core.Actions);
    }

    private (QueueCounts Counts, int Listed) Give(QueueRequest request)
    {
        CommandOutput output = new();
        _commands.Add(request, "uid 0", output);
        (QueueCounts? counts, int listed, int steps) = (null, 0, 0);
        _byRelay = 0;
        while (counts is null)
        {
            int read = _mess.Opened;
            _commands.Step(Make.Born);
            _readAtOnce = Math.Max(_readAtOnce, _mess.Opened - read);
            _core.FinishMessages(Make.Born);
            if (!_commands.HasWork || ++steps % StepsBetweenSyncs == 0)
            {
                _core.MakeDurable();
                _commands.OnMarks(isSettled: true);
            }

            ReadOnlySpan<byte> rest = output.Bytes.WrittenSpan;
            while (!rest.IsEmpty)
            {
                int length = QueueFrame.LengthOf(rest, QueueFrame.AnswerBytesMax);
                byte kind = rest[sizeof(uint)];
                if (kind == QueueFrame.Recipient)
                {
                    listed++;
                    _byRelay += ListedRecipient.Parse(rest[QueueFrame.HeadBytes..length])!
                        .Via.Length > 0 ? 1 : 0;
                }

                counts = kind == QueueFrame.End
                    ? QueueCounts.Parse(rest[QueueFrame.HeadBytes..length]) : counts;
                rest = rest[length..];
            }

            output.Clear();
        }

        return (counts.Value, listed);
    }

    private sealed class NoCleaner : Clean.ICleaner
    {
        public void Ask(string request)
        {
        }
    }
}
