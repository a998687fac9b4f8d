using Kopis.Posix;

namespace Kopis.Local.Worker;

/// <summary>A few threads for work that blocks. A thread is started if none is idle, up to a limit.
/// The thread that became idle last works first, since what it needs is still in the processor's
/// caches.</summary>
internal sealed class WorkerThreads(int threadsMax, int stackBytes = 256 * 1024)
{
    /// <summary>An idle thread, and the gate at which it waits. Without work it ends.</summary>
    private sealed class Idle : IDisposable
    {
        internal ThreadGate Gate { get; } = new();

        internal Action? Work { get; set; }

        public void Dispose() => Gate.Dispose();
    }

    private readonly Lock _lock = new();
    private readonly Queue<Action> _work = new(); // Work while no thread is idle.
    private readonly Stack<Idle> _idle = new();
    private readonly List<Thread> _threads = [];
    private bool _closed;

    /// <summary>Has the work done, as soon as a thread is free.</summary>
    internal void Add(Action work)
    {
        Idle? idle;
        lock (_lock)
        {
            if (!_idle.TryPop(out idle))
            {
                _work.Enqueue(work);
                StartOne();
                return;
            }
        }

        idle.Work = work;
        idle.Gate.Open();
    }

    /// <summary>Waits until all work is done and the threads have ended.</summary>
    internal void Finish()
    {
        lock (_lock)
        {
            _closed = true;
            while (_idle.TryPop(out Idle? idle))
            {
                idle.Gate.Open();
            }
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private void StartOne()
    {
        if (_threads.Count < threadsMax)
        {
            Thread thread = new(Work, stackBytes) { Name = "worker" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    private void Work()
    {
        while (Next() is { } work)
        {
            work();
        }
    }

    private Action? Next()
    {
        using Idle idle = new();
        lock (_lock)
        {
            if (_work.TryDequeue(out Action? work) || _closed)
            {
                return work;
            }

            _idle.Push(idle);
        }

        idle.Gate.Wait();
        return idle.Work;
    }
}
