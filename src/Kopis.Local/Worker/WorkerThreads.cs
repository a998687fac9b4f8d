namespace Kopis.Local.Worker;

/// <summary>
/// A few threads for work that blocks: one more is started whenever none is idle, up to a limit.
/// </summary>
internal sealed class WorkerThreads(int threadsMax, int stackBytes = 256 * 1024)
{
    private readonly object _lock = new(); // A monitor, since idle threads wait on it.
    private readonly Queue<Action> _work = new();
    private readonly List<Thread> _threads = [];
    private int _idle;
    private bool _closed;

    /// <summary>Has the work done, soon or when a thread is free.</summary>
    internal void Add(Action work)
    {
        lock (_lock)
        {
            _work.Enqueue(work);
            if (_work.Count > _idle && _threads.Count < threadsMax)
            {
                Thread thread = new(Work, stackBytes) { Name = "worker" };
                _threads.Add(thread);
                thread.Start();
                _idle++; // It comes for work at once.
            }

            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Waits until everything is done and the threads have ended.</summary>
    internal void Finish()
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.PulseAll(_lock);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private void Work()
    {
        while (TryGet() is { } work)
        {
            work();
            lock (_lock)
            {
                _idle++;
            }
        }
    }

    private Action? TryGet()
    {
        lock (_lock)
        {
            Action? work;
            while (!_work.TryDequeue(out work) && !_closed)
            {
                Monitor.Wait(_lock);
            }

            _idle--;
            return work;
        }
    }
}
