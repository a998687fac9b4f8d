namespace Kopis.Remote;

/// <summary>Counts the connections to each destination, including those that are idle or being
/// opened, and wakes those who wait for one. May be used from many threads.</summary>
internal sealed class LinkPlaces(TimeProvider clock)
{
    private readonly Dictionary<string, Destination> _all = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Takes the right to one more connection.</summary>
    /// <returns>Null if there are as many connections as allowed.</returns>
    internal LinkPlace? TryEnter(string destination, int most)
    {
        lock (_lock)
        {
            Destination one = Find(destination);
            if (one.Open >= most)
            {
                return null;
            }

            one.Open++;
            return new LinkPlace(destination, Leave);
        }
    }

    /// <summary>Waits for a change at a destination: a connection was closed, or became idle. Each
    /// change wakes one waiter.</summary>
    /// <param name="destination">Its name.</param>
    /// <param name="isFree">Called once, after which no change is missed: whether there is nothing
    /// to wait for.</param>
    /// <param name="limit">The longest wait.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>False if nothing changed in that time.</returns>
    internal async Task<bool> WaitAsync(
        string destination, Func<bool> isFree, TimeSpan limit, CancellationToken stop)
    {
        TaskCompletionSource waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            Find(destination).Waiting.AddLast(waiter);
        }

        bool takesWake = false;
        try
        {
            if (isFree())
            {
                return true;
            }

            await waiter.Task.WaitAsync(limit, clock, stop);
            return takesWake = true;
        }
        catch (TimeoutException)
        {
            return takesWake = waiter.Task.IsCompleted;
        }
        finally
        {
            lock (_lock)
            {
                Destination one = Find(destination);
                if (!one.Waiting.Remove(waiter) && !takesWake)
                {
                    one.Wake(); // It was woken too, but does not need it.
                }

                Forget(destination);
            }
        }
    }

    /// <summary>Whether it has several connections, or somebody waits for one.</summary>
    internal bool IsShared(string destination)
    {
        lock (_lock)
        {
            return _all.TryGetValue(destination, out Destination? one)
                && (one.Open > 1 || one.IsAwaited);
        }
    }

    /// <summary>Called when a connection became idle, so that a waiter may have it.</summary>
    internal void Wake(string destination)
    {
        lock (_lock)
        {
            if (_all.TryGetValue(destination, out Destination? one))
            {
                one.Wake();
            }
        }
    }

    private void Leave(string destination)
    {
        lock (_lock)
        {
            Destination one = Find(destination);
            one.Open--;
            one.Wake();
            Forget(destination);
        }
    }

    private Destination Find(string name)
    {
        if (!_all.TryGetValue(name, out Destination? one))
        {
            _all.Add(name, one = new Destination());
        }

        return one;
    }

    private void Forget(string name)
    {
        if (_all.TryGetValue(name, out Destination? one) && one is { Open: 0, IsAwaited: false })
        {
            _all.Remove(name);
        }
    }

    private sealed class Destination
    {
        private LinkedList<TaskCompletionSource>? _waiting; // Few destinations have any.

        internal int Open { get; set; }

        internal LinkedList<TaskCompletionSource> Waiting => _waiting ??= new();

        internal bool IsAwaited => _waiting?.First is not null;

        internal void Wake()
        {
            if (_waiting?.First is { } first)
            {
                Waiting.RemoveFirst();
                first.Value.SetResult();
            }
        }
    }
}
