using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>The running sessions, counted by user, so that no user gets all the places.</summary>
internal sealed class SessionList : IDisposable
{
    private readonly MemoryBudget _localMemory;
    private readonly Lock _lock = new();
    private readonly Dictionary<IntakeSession, Task> _running = [];
    private readonly Dictionary<uint, IntakeUser> _users = [];
    private readonly SemaphoreSlim _room = new(QueueLimits.ConnectionsMax);

    internal SessionList() =>
        _localMemory = new MemoryBudget(QueueLimits.LocalMemoryBytesMax, Memory);

    /// <summary>The memory that all intakes use.</summary>
    internal MemoryBudget Memory { get; } = new(QueueLimits.MemoryBytesMax);

    /// <summary>Waits until another session may run. <see cref="TryEnter"/> must follow.</summary>
    internal async Task WaitForRoomAsync(CancellationToken stop)
    {
        await _room.WaitAsync(stop);
        _room.Release(); // Only one waits here, so the place stays free.
    }

    /// <summary>Counts a new connection, and returns its user; null if the user has as many as
    /// allowed. A local user may have <paramref name="most"/>, and must leave some to others; so
    /// must one of qmail's own users, without another limit.</summary>
    internal IntakeUser? TryEnter(uint uid, bool isOurs, int most)
    {
        lock (_lock)
        {
            if (!_users.TryGetValue(uid, out IntakeUser? user))
            {
                user = new IntakeUser(uid, isOurs, isOurs
                    ? Memory
                    : new MemoryBudget(QueueLimits.UserMemoryBytesMax, _localMemory));
            }

            int free = _room.CurrentCount;
            bool mayEnter = isOurs
                ? user.Sessions < QueueLimits.ConnectionsMax - QueueLimits.ConnectionsForOthers
                : user.Sessions < most
                    && (long)user.Sessions * QueueLimits.ConnectionsFreeFactor < free;
            if (!mayEnter || !_room.Wait(0, CancellationToken.None))
            {
                return null;
            }

            user.Sessions++;
            _users[uid] = user;
            return user;
        }
    }

    /// <summary>Runs the session of a user who has entered.</summary>
    internal void Start(IntakeSession session, CancellationToken stop, CancellationToken end)
    {
        lock (_lock)
        {
            _running[session] = Task.Run(
                () => RunAsync(session, stop, end), CancellationToken.None);
        }
    }

    /// <summary>Waits until no session runs, or the time is over.</summary>
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
            // The caller ends the remaining sessions.
        }
    }

    public void Dispose() => _room.Dispose();

    private async Task RunAsync(
        IntakeSession session, CancellationToken stop, CancellationToken end)
    {
        try
        {
            await session.RunAsync(stop, end);
        }
        catch (Exception e)
        {
            // This is a bug, in a task that nothing awaits. The queue survives a restart.
            ErrorLog.Throw(e);
            throw;
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(session);
            }

            Leave(session.User);
        }
    }

    private void Leave(IntakeUser user)
    {
        lock (_lock)
        {
            user.Sessions--;
            if (user.Sessions == 0)
            {
                _users.Remove(user.Uid);
            }
        }

        _room.Release();
    }
}
