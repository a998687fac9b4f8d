using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Writer;

namespace Kopis.Queue.Tests;

/// <summary>The queue writer as a whole: group commit, full disks, starts and stops.</summary>
public sealed class WriterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task What_comes_during_a_sync_shares_the_next()
    {
        using QueueHome home = new();
        TestDisk disk = new();
        using ManualResetEventSlim go = new();
        TaskCompletionSource syncing = new();
        await using RunningWriter writer = new(home, disk);
        disk.Before = call =>
        {
            if (call == "SyncData")
            {
                syncing.TrySetResult();
                go.Wait(Patience);
            }
        };
        Task<QueueReply> first = Task.Run(() => writer.Submit("first"));
        await syncing.Task.WaitAsync(Patience);
        using IntakePool pool = new(home.Path);
        Task<QueueReply>[] others =
            [.. Enumerable.Range(0, 100).Select(n => SubmitAsync(pool, $"{n}@x"))];

        // All of them wait for the committer when their memory is held.
        while (writer.MemoryHeld < 101 * 4096)
        {
            await Task.Yield();
        }

        Assert.False(first.IsCompleted || others.Any(task => task.IsCompleted));
        go.Set();
        await Task.WhenAll([first, .. others]).WaitAsync(Patience);
        Assert.All(others, task => Assert.Equal(0, task.Result.Code));
        Assert.Equal(101, home.Messages().Count);

        // The first's, the hundred's, and one more at most for those still on their way then.
        Assert.InRange(disk.Count("SyncData"), 2, 3);
    }

    [Fact]
    public async Task A_failing_disk_is_53_for_all_of_the_batch_and_mail_flows_after_it()
    {
        using QueueHome home = new();
        TestDisk disk = new();
        await using RunningWriter writer = new(home, disk);
        Assert.Equal(0, writer.Submit("first").Code);
        disk.Before = call => { if (call == "SyncData") { throw TestDisk.Broken; } };
        Assert.Equal(53, writer.Submit("second").Code);
        disk.Before = _ => { };
        Assert.Equal(0, writer.Submit("third").Code);
        Assert.Equal(2, home.Messages().Count);
        Assert.Contains("messages refused", Assert.Single(writer.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_cannot_be_made_durable_refuses_only_itself()
    {
        using QueueHome home = new();
        TestDisk disk = new();
        await using RunningWriter writer = new(home, disk);
        string large = new('x', QueueLimits.InlineBodyBytesMax + 1);
        foreach (string failing in (string[])["Create", "WriteAt", "SyncData"])
        {
            disk.Before = call => { if (call == failing) { throw TestDisk.Full; } };
            Assert.Equal(53, writer.Submit(large).Code);
            disk.Before = _ => { };
            Assert.Empty(home.OtherFiles());
            Assert.Equal(0, writer.Submit("small").Code);
        }

        Assert.Equal(3, home.Messages().Count);
        Assert.Single(MessStore.Segments(Posix.FileSystem.Real, home.Mess)); // Never met it.
    }

    [Theory]
    [InlineData(QueueLimits.FreeBytesMin - 1, 53, 0)]
    [InlineData(QueueLimits.FreeBytesMin, 0, 0)]
    [InlineData(QueueLimits.FreeBytesMinForBounce - 1, 53, 53)]
    public async Task Near_a_full_disk_only_bounces_come_in(long free, int mail, int bounce)
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home, new TestDisk { Free = free });
        Assert.Equal(mail, writer.Submit("x", origin: MessageOrigin.Network).Code);
        Assert.Equal(bounce, writer.Submit("x", origin: MessageOrigin.Bounce).Code);
        Assert.Equal(mail == 0 ? [] : Enumerable.Repeat(
            $"alert: the queue's disk is full: {free} bytes are free; a message is refused",
            bounce == 0 ? 1 : 2), writer.Log);
    }

    [Fact]
    public async Task A_second_writer_refuses_to_start()
    {
        using QueueHome home = new();
        await using (RunningWriter writer = new(home))
        {
            ConfigurationException e = Assert.Throws<ConfigurationException>(
                () => new RunningWriter(home));
            Assert.Contains("another queue writer is running", e.Message, StringComparison.Ordinal);
            Assert.Equal(ExitCode.Temporary, e.Code);
            Assert.Equal(0, writer.Submit("x").Code); // The first was not disturbed.
        }

        await using RunningWriter next = new(home);
        Assert.Equal(0, next.Submit("y").Code);
    }

    [Fact]
    public void A_home_without_queue_is_refused()
    {
        string nowhere = Path.Combine(Path.GetTempPath(), "kopis-no-such-home");
        Assert.Throws<ConfigurationException>(
            () => new QueueWriter(nowhere, TimeProvider.System, _ => { }, new IntakeLimits()));
    }

    [Fact]
    public void A_home_too_deep_for_a_socket_is_refused()
    {
        using QueueHome home = new();
        string deep = Path.Combine(home.Path, new string('d', 100));
        Directory.CreateDirectory(deep);
        Directory.Move(Path.Combine(home.Path, "queue"), Path.Combine(deep, "queue"));
        Assert.Throws<ConfigurationException>(
            () => new QueueWriter(deep, TimeProvider.System, _ => { }, new IntakeLimits()));
    }

    [Fact]
    public async Task A_start_mends_what_a_crash_left()
    {
        using QueueHome home = new();
        string large = new('x', QueueLimits.InlineBodyBytesMax + 1);
        ulong kept;
        await using (RunningWriter writer = new(home))
        {
            kept = writer.Submit(large).MessageNumber;
            writer.Submit("small");
        }

        string segment = SegmentFile.Name(home.Mess, 1);
        byte[] torn = File.ReadAllBytes(segment)[..^10]; // Killed while it wrote the second.
        File.WriteAllBytes(segment, torn);
        File.WriteAllText(Path.Combine(MessStore.Incoming(home.Mess), "17"), "half a body");
        File.WriteAllText(MessStore.OwnFile(home.Mess, kept + 1), "never accepted");
        File.WriteAllText(MessStore.OwnFile(home.Mess, 1UL << 40), "its segment is gone");
        File.WriteAllText(IntakeFrame.SocketPath(home.Path), "stale");
        await using RunningWriter next = new(home);
        Assert.Equal(2, next.Log.Count);
        Assert.Equal([MessStore.OwnFile(home.Mess, kept)], home.OtherFiles());
        QueueReply reply = next.Submit("after");
        Assert.Equal(2u, MessageNumber.Segment(reply.MessageNumber)); // Never after a torn tail.
        (List<string> messages, List<string> damage) = home.Scan();
        Assert.Equal((2, 1), (messages.Count, damage.Count));
    }

    [Fact]
    public async Task Each_batch_pulls_the_trigger()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        Assert.Equal(0, writer.Submit("nobody listens").Code);
        byte[] pulled = new byte[10];
        for (int round = 0; round < 2; round++)
        {
            // A reader that went away and came back is found again.
            int trigger = Fd.Open(home.Trigger, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
            writer.Submit("one");
            Assert.Equal(1, Fd.Read(trigger, pulled));
            writer.Submit("two");
            Assert.Equal(1, Fd.Read(trigger, pulled));
            Fd.Close(trigger);
            Assert.Equal(0, writer.Submit("nobody listens").Code);
        }
    }

    [Fact]
    public async Task A_stop_ends_the_idle_and_lets_the_busy_finish()
    {
        using QueueHome home = new();
        RunningWriter writer = new(home);
        using Socket idle = writer.Connect();
        idle.Send(Frames.IntakeMessage("x", "Fs\0Ta\0\0"));
        Assert.Equal(0, Frames.Answer(idle)!.Value.Code);
        using Socket busy = writer.Connect();
        byte[] whole = Frames.IntakeMessage("begun before the stop", "Fs\0Ta\0\0");
        busy.Send(whole.AsSpan(0, 20));
        while (writer.MemoryHeld == 0)
        {
            await Task.Yield();
        }

        Task stopped = writer.StopAsync();
        Assert.Null(Frames.Answer(idle));
        busy.Send(whole.AsSpan(20));
        Assert.Equal(0, Frames.Answer(busy)!.Value.Code);
        await stopped;
        Assert.Throws<SocketException>(writer.Connect);
        await writer.DisposeAsync();
        Assert.Equal(2, home.Messages().Count);
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_ever()
    {
        using QueueHome home = new();
        RunningWriter writer = new(home);
        using Socket slow = writer.Connect();
        slow.Send(Frames.IntakeMessage("x", "Fs\0Ta\0\0").AsSpan(0, 20));
        while (writer.MemoryHeld == 0)
        {
            await Task.Yield();
        }

        await writer.StopAsync();
        Assert.Null(Frames.Answer(slow));
        await writer.DisposeAsync();
        Assert.Empty(home.Messages());
    }

    private static async Task<QueueReply> SubmitAsync(IntakePool pool, string recipient)
    {
        await using IIntakeMessage one = await pool.BeginAsync(MessageOrigin.Local, 0, default);
        return await one.FinishAsync(
            Envelope.Format("s"u8, [System.Text.Encoding.ASCII.GetBytes(recipient)]), default);
    }
}
