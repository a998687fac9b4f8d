using Kopis.Queue.Store.Messages;
using Kopis.Queue.Writer;

namespace Kopis.Queue.Tests;

/// <summary>What one local user leaves to the others.</summary>
public sealed class SharesTests
{
    private const uint Mallory = 1001;
    private const uint Alice = 1002;
    private const uint Daemon = 64011;

    [Fact]
    public void A_user_gets_no_more_connections_than_leave_many_to_others()
    {
        using SessionList list = new();
        int mallory = Enter(list, Mallory, isOurs: false);
        Assert.InRange(mallory, 100, 512);
        Assert.NotNull(list.TryEnter(Alice, isOurs: false, most: 512));
        for (uint uid = 2000; uid < 2030; uid++)
        {
            Enter(list, uid, isOurs: false);
        }

        Assert.NotNull(list.TryEnter(3000, isOurs: false, most: 512));
        Assert.NotNull(list.TryEnter(Daemon, isOurs: true, most: 512));
    }

    [Fact]
    public void Qmails_own_leave_some_to_local_users()
    {
        using SessionList list = new();
        Enter(list, Daemon, isOurs: true);
        Assert.NotNull(list.TryEnter(Alice, isOurs: false, most: 512));
    }

    [Fact]
    public void A_users_memory_is_a_part_of_the_local_users_and_theirs_of_all()
    {
        using SessionList list = new();
        IntakeUser mallory = list.TryEnter(Mallory, isOurs: false, most: 9)!;
        IntakeUser alice = list.TryEnter(Alice, isOurs: false, most: 9)!;
        IntakeUser daemon = list.TryEnter(Daemon, isOurs: true, most: 9)!;
        Assert.True(mallory.Memory.TryTake(QueueLimits.UserMemoryBytesMax));
        Assert.False(mallory.Memory.TryTake(1));
        Assert.True(alice.Memory.TryTake(QueueLimits.UserMemoryBytesMax));
        Assert.True(daemon.Memory.TryTake(
            QueueLimits.MemoryBytesMax - (2 * QueueLimits.UserMemoryBytesMax)));
        Assert.False(daemon.Memory.TryTake(1));
        mallory.Memory.GiveBack(QueueLimits.UserMemoryBytesMax);
        Assert.True(daemon.Memory.TryTake(1));
        Assert.Equal(QueueLimits.MemoryBytesMax - QueueLimits.UserMemoryBytesMax + 1,
            list.Memory.Held);
    }

    [Fact]
    public void A_place_goes_to_the_next_user_and_not_to_the_next_who_asked()
    {
        FairGate gate = new(1);
        Assert.True(gate.EnterAsync(Mallory).IsCompleted);
        Task[] flood = [.. Enumerable.Range(0, 100).Select(_ => gate.EnterAsync(Mallory))];
        Task alice = gate.EnterAsync(Alice);
        gate.Leave();
        gate.Leave();
        Assert.True(alice.IsCompleted);
        Assert.Equal(1, flood.Count(task => task.IsCompleted));
    }

    [Fact]
    public void A_batch_has_each_users_first_before_anyones_second()
    {
        using Store store = new();
        FairBatch rows = new();
        for (int i = 0; i < 3000; i++)
        {
            rows.Add(new IntakeMessage(store.Budget, store.Disk, () => "") { Uid = Mallory });
        }

        rows.Add(new IntakeMessage(store.Budget, store.Disk, () => "") { Uid = Alice });
        List<IntakeMessage> batch = [];
        rows.Dequeue(batch);
        Assert.InRange(batch.Count, 2, 1000);
        Assert.Equal(Alice, batch[1].Uid);
        int all = 0;
        for (; batch.Count > 0; rows.Dequeue(batch))
        {
            all += batch.Count;
            batch.Clear();
        }

        Assert.Equal(3001, all);
    }

    [Fact]
    public void One_users_share_of_the_disk_leaves_the_others_theirs()
    {
        const long disk = 1_000_000;
        DiskShares shares = new(percent: 50);
        long free = disk;
        while (shares.TryTake(Mallory, 1000, free))
        {
            free -= 1000;
        }

        Assert.InRange(free, disk / 2, (disk / 2) + 1000);
        Assert.True(shares.TryTake(Alice, 200_000, free));
        ulong number = MessageNumber.Of(1, 16);
        shares.Keep(Mallory, disk - free, number, hasOwnFile: true);
        Assert.False(shares.TryTake(Mallory, 1000, free));
        shares.Refresh(new HashSet<ulong> { 1 }, new HashSet<ulong> { number });
        Assert.False(shares.TryTake(Mallory, 1000, free));
        shares.Refresh(new HashSet<ulong> { 1 }, new HashSet<ulong>());
        Assert.True(shares.TryTake(Mallory, 1000, free)); // It was delivered and removed.
    }

    [Fact]
    public void Too_many_recipients_are_31_at_once()
    {
        using Store store = new();
        using IntakeMessage intake = new(store.Budget, store.Disk, () => "")
        {
            RecipientsMax = 2,
        };
        intake.AddEnvelope("Fs\0Ta\0Tb\0"u8);
        Assert.Equal(0, intake.Code);
        intake.AddEnvelope("Tc\0"u8);
        Assert.Equal(31, intake.Code);
    }

    private static int Enter(SessionList list, uint uid, bool isOurs)
    {
        int entered = 0;
        while (list.TryEnter(uid, isOurs, most: 512) is not null)
        {
            entered++;
        }

        return entered;
    }
}
