namespace Kopis.Queue;

/// <summary>The sessions that run, counted by user: nobody gets all of the places.</summary>
internal sealed class SessionList : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IntakeSession, Task> _running = [];
    private readonly Dictionary<uint, int> _perUser = [];
    private readonly SemaphoreSlim _room = new(QueueLimits.ConnectionsMax);

    /// <summary>Waits until one more may run; to be followed by <see cref="TryStart"/>.</summary>
    internal async Task WaitForRoomAsync(CancellationToken stop)
    {
        await _room.WaitAsync(stop);
        _room.Release(); // Only one waits here, so the place stays until TryStart takes it.
    }

    /// <summary>Runs the session, or ends it where its user has the most allowed already.</summary>
    internal bool TryStart(
        IntakeSession session, uint uid, int most, CancellationToken stop, CancellationToken end)
    {
        lock (_lock)
        {
            int count = _perUser.GetValueOrDefault(uid);
            if (count >= most || !_room.Wait(0, CancellationToken.None))
            {
                session.Dispose();
                return false;
            }

            _perUser[uid] = count + 1;
            _running[session] = Task.Run(
                () => RunAsync(session, uid, stop, end), CancellationToken.None);
            return true;
        }
    }

    /// <summary>Waits until none runs, or the time is over.</summary>
    internal async Task WaitForEndAsync(TimeSpan time, TimeProvider clock)
    {
        Task[] running;
        lock (_lock)
        {
            running = [.. _running.Values];
        }

        try
        {
            await Task.WhenAll(running).WaitAsync(time, clock);
        }
        catch (TimeoutException)
        {
            // The caller ends those that are left.
        }
    }

    public void Dispose() => _room.Dispose();

    private async Task RunAsync(
        IntakeSession session, uint uid, CancellationToken stop, CancellationToken end)
    {
        try
        {
            await session.RunAsync(stop, end);
        }
        catch (Exception e)
        {
            // A bug: nobody awaits this to hear of it. The queue survives a new start.
            Environment.FailFast("intake session", e);
            throw;
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(session);
                _perUser[uid]--;
                if (_perUser[uid] == 0)
                {
                    _perUser.Remove(uid);
                }
            }

            _room.Release();
        }
    }
}
