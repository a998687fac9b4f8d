using Kopis.Queue.Store.Messages;
using Kopis.Queue.Writer;

namespace Kopis.Queue.Tests;

/// <summary>What a failing disk does to a batch: all of it is refused, nothing else is touched
/// (invariants 1 and 4).</summary>
public sealed class CommitFailureTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_failed_write_takes_its_batch_back_and_no_more(bool writesHalf)
    {
        using Store store = new();
        store.CommitThree();
        long size = new FileInfo(store.SegmentPath(1)).Length;
        store.Disk.WritesHalf = writesHalf;
        store.Disk.Before = call => Fail(call == "WriteAt", TestDisk.Full);
        store.CommitFails(store.NewSubmission("lost", "e@x"), store.NewSubmission("too", "f@x"));
        Assert.Equal(size, new FileInfo(store.SegmentPath(1)).Length);
        store.Disk.Before = _ => { };
        ulong number = store.Commit(store.NewSubmission("fourth", "g@x"))[0];
        Assert.Equal(2u, MessageNumber.Segment(number)); // What failed once is not trusted again.
        Assert.Equal("s@x>g@x:fourth", store.Home.Messages()[3]);
        Assert.Equal(4, store.Home.Messages().Count);
    }

    [Fact]
    public void After_a_failed_sync_the_segment_is_never_synced_again()
    {
        using Store store = new();
        store.CommitThree();
        int syncs = store.Disk.Count("SyncData");
        store.Disk.Before = call => Fail(call == "SyncData", TestDisk.Broken);
        store.CommitFails(store.NewSubmission("lost", "e@x"));
        Assert.Equal(syncs + 1, store.Disk.Count("SyncData"));
        store.Disk.Before = _ => { };
        Assert.Equal(2u, MessageNumber.Segment(store.Commit(store.NewSubmission("ok", "f@x"))[0]));
        Assert.Equal(4, store.Home.Messages().Count);
    }

    [Fact]
    public void What_cannot_be_taken_back_stays_readable_with_its_file()
    {
        using Store store = new();
        IntakeMessage large = store.NewSubmission(
            new byte[QueueLimits.InlineBodyBytesMax + 1], "a@x");
        store.Disk.Before = call => Fail(call is "SyncData" or "Truncate", TestDisk.Broken);
        store.CommitFails(large);
        store.Disk.Before = _ => { };
        store.Commit(store.NewSubmission("next", "b@x"));
        Assert.Equal(2, store.Home.Messages().Count);
        Assert.Single(store.Home.OtherFiles());
    }

    [Theory]
    [InlineData("WriteAt")]
    [InlineData("SyncData")]
    [InlineData("SyncDirectory")]
    [InlineData("Rename")]
    public void A_refused_batch_leaves_no_body_behind(string failing)
    {
        using Store store = new();
        store.CommitThree(); // So that the segment's own beginning does not fail.
        IntakeMessage large = store.NewSubmission(
            new byte[QueueLimits.InlineBodyBytesMax + 1], "a@x");
        store.Disk.Before = call => Fail(call == failing, TestDisk.Full);
        store.CommitFails(large, store.NewSubmission("small", "b@x"));
        Assert.Empty(store.Home.OtherFiles());
        Assert.Equal(3, store.Home.Messages().Count);
    }

    [Theory]
    [InlineData("Create")]
    [InlineData("WriteAt")]
    [InlineData("SyncDirectory")]
    public void A_segment_that_cannot_begin_leaves_nothing(string failing)
    {
        using Store store = new();
        store.Disk.Before = call => Fail(call == failing, TestDisk.Full);
        for (int i = 0; i < 3; i++)
        {
            store.CommitFails(store.NewSubmission("x", "a@x"));
        }

        Assert.Empty(MessStore.Segments(Posix.FileSystem.Real, store.Home.Mess));
        store.Disk.Before = _ => { };
        store.Commit(store.NewSubmission("y", "a@x"));
        Assert.Equal(["s@x>a@x:y"], store.Home.Messages());
    }

    [Fact]
    public void A_segments_name_and_a_bodys_are_durable_before_a_record_is()
    {
        using Store store = new();
        List<string> calls = [];
        IntakeMessage large = store.NewSubmission(
            new byte[QueueLimits.InlineBodyBytesMax + 1], "a@x");
        store.Disk.Before = calls.Add;
        store.Commit(large);
        Assert.Equal(
            ["Create", "WriteAt", "SyncDirectory", "Rename", "SyncDirectory", "WriteAt",
                "SyncData"], calls);
    }

    [Fact]
    public void A_body_that_was_not_synced_is_not_given_its_name()
    {
        using Store store = new();
        using IntakeMessage large = new(store.Budget, store.Disk, () => Path.Combine(
            MessStore.Incoming(store.Home.Mess), "unsynced"));
        large.AddBody(new byte[QueueLimits.InlineBodyBytesMax + 1]);
        large.AddEnvelope("Fs\0Ta\0\0"u8);
        Assert.Throws<InvalidOperationException>(() => store.Writer.Commit([large]));
    }

    [Fact]
    public void All_memory_goes_back()
    {
        using Store store = new();
        store.Commit(
            store.NewSubmission("x", "a@x"),
            store.NewSubmission(new byte[QueueLimits.InlineBodyBytesMax + 1], "a@x"));
        store.Disk.Before = call => Fail(call == "WriteAt", TestDisk.Full);
        store.CommitFails(store.NewSubmission(new byte[200_000], "b@x"));
        Assert.Equal(0, store.Budget.Held);
    }

    [Fact]
    public void Over_the_budget_a_body_goes_to_a_file_and_so_does_a_long_envelope()
    {
        using Store store = new();
        Assert.True(store.Budget.TryTake(256L * 1024 * 1024));
        IntakeMessage intake = store.NewSubmission("small", "a@x");
        Assert.True(intake.Fd >= 0);
        store.Commit(intake);
        Assert.Equal(["s@x>a@x:small"], store.Home.Messages());
        string[] list = [.. Enumerable.Range(0, 1000).Select(i => $"name{i}@x")];
        IntakeMessage submitted = store.NewSubmission("list", list);
        Assert.True(submitted.Envelope.IsInFile);
        store.Commit(submitted);
        Assert.Equal($"s@x>{string.Join(',', list)}:list", store.Home.Messages()[1]);
        Assert.Equal(2, store.Home.OtherFiles().Count); // The bodies; the envelope is moved.
    }

    private static void Fail(bool now, Posix.PosixException error)
    {
        if (now)
        {
            throw error;
        }
    }
}
