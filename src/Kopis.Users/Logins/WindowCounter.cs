namespace Kopis.Users;

/// <summary>Counts events by a key within a window of time. Bounded: the oldest makes room. May
/// be used from many threads.</summary>
public sealed class WindowCounter<TKey>(TimeProvider time, TimeSpan window, int keysMax)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, (int Count, long Since)> _keys = [];

    /// <summary>How many there are now.</summary>
    public int CountOf(TKey key)
    {
        lock (_lock)
        {
            return _keys.TryGetValue(key, out var seen) && !IsOver(seen.Since) ? seen.Count : 0;
        }
    }

    /// <summary>Counts one more; returns how many there are now.</summary>
    public int Count(TKey key)
    {
        lock (_lock)
        {
            bool known = _keys.TryGetValue(key, out var seen) && !IsOver(seen.Since);
            if (!known && _keys.Count >= keysMax)
            {
                MakeRoom();
            }

            int count = known ? seen.Count + 1 : 1;
            _keys[key] = (count, known ? seen.Since : time.GetTimestamp());
            return count;
        }
    }

    private void MakeRoom()
    {
        TKey? oldest = default;
        long since = long.MaxValue;
        foreach ((TKey key, (int _, long began)) in _keys)
        {
            if (IsOver(began))
            {
                _keys.Remove(key);
            }
            else if (began < since)
            {
                (oldest, since) = (key, began);
            }
        }

        if (_keys.Count >= keysMax && oldest is not null)
        {
            _keys.Remove(oldest);
        }
    }

    private bool IsOver(long since) => time.GetElapsedTime(since) >= window;
}
