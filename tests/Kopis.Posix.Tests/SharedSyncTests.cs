namespace Kopis.Posix.Tests;

/// <summary>Deliveries that end together share a sync, and none is called durable that is not.
/// </summary>
public sealed class SharedSyncTests
{
    private const int First = 1;
    private static readonly int[] Others = [2, 3, 4, 5];

    [Fact]
    public void One_that_waits_alone_is_synced_alone()
    {
        Calls calls = new();
        SharedSync sync = new(calls, calls);
        sync.Sync(First);
        sync.Sync(First);
        Assert.Equal(["file 1", "file 1"], calls.Made);
    }

    [Fact]
    public void Those_that_gather_during_a_sync_share_the_next()
    {
        Calls calls = new();
        Assert.All(Gather(calls), Assert.Null);
        Assert.Equal("file 1", calls.Made[0]);
        Assert.StartsWith("all by ", calls.Made[1], StringComparison.Ordinal);
        Assert.Equal(
            Others.Select(fd => $"errors of {fd}"), calls.Made.Skip(2).Order());
    }

    [Fact]
    public void After_a_failed_shared_sync_each_is_synced_by_itself()
    {
        Calls calls = new() { AllFails = true, Broken = 3 };
        Exception?[] ends = Gather(calls);
        Assert.Equal(
            Others.Select(fd => fd == 3), ends.Skip(1).Select(end => end is PosixException));
        Assert.Equal(Others.Select(fd => $"file {fd}"), calls.Made.Skip(2).Order());
    }

    [Fact]
    public void An_error_of_one_file_that_the_shared_sync_did_not_tell_is_its_own()
    {
        Calls calls = new() { Broken = 4 };
        Exception?[] ends = Gather(calls);
        Assert.Equal(
            Others.Select(fd => fd == 4), ends.Skip(1).Select(end => end is PosixException));
    }

    [Fact]
    public void Where_a_shared_sync_works_for_others_nothing_is_shared_for_a_while()
    {
        Calls calls = new() { AllTakes = SharedSync.SharedTimeMax * 2 };
        SharedSync sync = new(calls, calls);
        Gather(calls, sync);
        calls.Made.Clear();
        Gather(calls, sync, gathers: false);
        Assert.Equal(
            Others.Prepend(First).Select(fd => $"file {fd}"), calls.Made.Order());
        calls.Advance(SharedSync.PauseAfterSlow);
        Expect(shared: true, calls, sync);
    }

    [Fact]
    public void The_pause_grows_while_shared_syncs_are_slow_and_no_longer()
    {
        Calls calls = new() { AllTakes = SharedSync.SharedTimeMax * 2 };
        SharedSync sync = new(calls, calls);
        Expect(shared: true, calls, sync);
        TimeSpan pause = SharedSync.PauseAfterSlow;
        for (int i = 0; i < 7; i++)
        {
            calls.Advance(pause - TimeSpan.FromTicks(1));
            Expect(shared: false, calls, sync);
            calls.Advance(TimeSpan.FromTicks(1));
            Expect(shared: true, calls, sync);
            pause = pause * 2 < SharedSync.PauseMax ? pause * 2 : SharedSync.PauseMax;
        }

        Assert.Equal(SharedSync.PauseMax, pause);
        calls.Advance(pause);
        calls.AllTakes = TimeSpan.Zero;
        Expect(shared: true, calls, sync);
        calls.AllTakes = SharedSync.SharedTimeMax * 2;
        Expect(shared: true, calls, sync); // It was fast the last time.
        calls.Advance(SharedSync.PauseAfterSlow);
        Expect(shared: true, calls, sync);
    }

    [Fact]
    public void Real_files_become_durable_together()
    {
        string directory = Directory.CreateTempSubdirectory("kopis-sync-").FullName;
        SharedSync sync = new(FileSystem.Real, TimeProvider.System);
        Parallel.For(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            int fd = Fd.Open($"{directory}/{i}", OpenFlags.WriteOnly | OpenFlags.Create);
            Fd.WriteAll(fd, "content"u8);
            sync.Sync(fd);
            Fd.Close(fd);
        });
        Assert.Equal(0, sync.Waiting);
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Those that come while one syncs share the next sync, or do not.</summary>
    private static void Expect(bool shared, Calls calls, SharedSync sync)
    {
        calls.Made.Clear();
        Gather(calls, sync, gathers: shared); // Where nothing is shared nobody waits.
        Assert.Equal(shared, calls.Made.Exists(
            call => call.StartsWith("all by ", StringComparison.Ordinal)));
    }

    private static Exception?[] Gather(Calls calls) => Gather(calls, new SharedSync(calls, calls));

    // The first sync goes on until all others wait for the next.
    private static Exception?[] Gather(Calls calls, SharedSync sync, bool gathers = true)
    {
        using ManualResetEventSlim begun = new();
        calls.DuringFirst = () =>
        {
            begun.Set();
            Assert.True(
                !gathers || SpinWait.SpinUntil(() => sync.Waiting == Others.Length, 10_000));
        };
        Exception?[] ends = new Exception?[Others.Length + 1];
        Thread first = Start(sync, First, end => ends[0] = end);
        begun.Wait();
        Thread[] others = [.. Others.Select((fd, i) => Start(sync, fd, end => ends[i + 1] = end))];
        Assert.All(others.Prepend(first), thread => thread.Join());
        return ends;
    }

    private static Thread Start(SharedSync sync, int fd, Action<Exception?> ended)
    {
        Thread thread = new(() => ended(Record.Exception(() => sync.Sync(fd))));
        thread.Start();
        return thread;
    }

    /// <summary>Counts calls; also the clock.</summary>
    private sealed class Calls : TimeProvider, ISyncCalls
    {
        private readonly Lock _lock = new();
        private long _now;

        internal List<string> Made { get; } = [];

        internal Action DuringFirst { get; set; } = () => { };

        internal bool AllFails { get; init; }

        internal TimeSpan AllTakes { get; set; }

        internal int Broken { get; init; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public ulong Device(int fd) => 7;

        public void Sync(int fd)
        {
            Note($"file {fd}");
            if (fd == First)
            {
                DuringFirst();
            }

            FailIf(fd == Broken);
        }

        public void SyncFileSystem(int fd)
        {
            Note($"all by {fd}");
            Advance(AllTakes);
            FailIf(AllFails);
        }

        public void CheckWritten(int fd)
        {
            Note($"errors of {fd}");
            FailIf(fd == Broken);
        }

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        internal void Advance(TimeSpan by) => Interlocked.Add(ref _now, by.Ticks);

        private void Note(string call)
        {
            lock (_lock)
            {
                Made.Add(call);
            }
        }

        private static void FailIf(bool fails)
        {
            if (fails)
            {
                throw new PosixException("sync", Errno.InputOutput);
            }
        }
    }
}
