namespace Kopis.Posix.Tests;

public sealed class ThreadGateTests
{
    [Fact]
    public async Task One_thread_waits_until_another_opens_the_gate()
    {
        using ThreadGate gate = new();
        Task waiting = Task.Factory.StartNew(
            gate.Wait, CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Assert.False(waiting.IsCompleted);
        gate.Open();
        await waiting;
        gate.Wait(); // It stays open.
    }

    [Fact]
    public async Task A_task_is_awaited_whether_it_is_done_or_not()
    {
        Assert.Equal(1, ThreadGate.Await(Task.FromResult(1)));
        for (int i = 0; i < 200; i++)
        {
            TaskCompletionSource<int> source = new();
            Task<int> waiting = Task.Factory.StartNew(
                () => ThreadGate.Await(source.Task), CancellationToken.None,
                TaskCreationOptions.LongRunning, TaskScheduler.Default);
            source.SetResult(i); // At once: before, while or after the other one waits.
            Assert.Equal(i, await waiting);
        }
    }

    [Fact]
    public async Task What_a_task_fails_of_is_told_as_it_is()
    {
        Assert.Throws<IOException>(
            () => ThreadGate.Await(Task.FromException<int>(new IOException())));
        TaskCompletionSource<int> source = new();
        Task<int> waiting = Task.Factory.StartNew(
            () => ThreadGate.Await(source.Task), CancellationToken.None,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);
        source.SetCanceled();
        await Assert.ThrowsAsync<TaskCanceledException>(() => waiting);
    }
}
