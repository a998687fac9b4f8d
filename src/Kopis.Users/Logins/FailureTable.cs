namespace Kopis.Users;

/// <summary>Counts failures by a key within a window of time. Bounded: the oldest makes room. May
/// be used from many threads.</summary>
internal sealed class FailureTable<TKey>(TimeProvider time, TimeSpan window, int keysMax)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, (int Failures, long Since)> _keys = [];

    /// <summary>How many there are now.</summary>
    internal int CountOf(TKey key)
    {
        lock (_lock)
        {
            return _keys.TryGetValue(key, out var seen) && !IsOver(seen.Since) ? seen.Failures : 0;
        }
    }

    /// <summary>Counts one more; returns how many there are now.</summary>
    internal int Count(TKey key)
    {
        lock (_lock)
        {
            bool known = _keys.TryGetValue(key, out var seen) && !IsOver(seen.Since);
            if (!known && _keys.Count >= keysMax)
            {
                MakeRoom();
            }

            int failures = known ? seen.Failures + 1 : 1;
            _keys[key] = (failures, known ? seen.Since : time.GetTimestamp());
            return failures;
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
