using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Waits for many children without a thread for each: it checks them at every SIGCHLD.
/// </summary>
public sealed class ChildReaper : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, TaskCompletionSource<WaitStatus>> _children = [];
    private readonly PosixSignalRegistration _registration;

    /// <summary>Begins to watch this process's children.</summary>
    public ChildReaper() =>
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => Look());

    /// <summary>Completes when the child has ended. Call it once for each child.</summary>
    public Task<WaitStatus> WaitAsync(int pid)
    {
        TaskCompletionSource<WaitStatus> ended =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _children.Add(pid, ended);
        }

        Look(); // It may have ended before this.
        return ended.Task;
    }

    /// <summary>Stops watching; children go on.</summary>
    public void Dispose() => _registration.Dispose();

    private void Look()
    {
        lock (_lock)
        {
            foreach (int pid in _children.Keys.ToArray())
            {
                if (Processes.TryWait(pid) is { } status && _children.Remove(pid, out var ended))
                {
                    ended.SetResult(status);
                }
            }
        }
    }
}
