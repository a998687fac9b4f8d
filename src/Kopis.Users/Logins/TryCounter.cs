namespace Kopis.Users.Logins;

/// <summary>Counts failures by a key within a window of time, and attempts that may still fail.
/// Bounded: when it is full, the oldest key is dropped. Not thread-safe.</summary>
internal sealed class TryCounter<TKey>(TimeProvider time, TimeSpan window, int keysMax)
    where TKey : notnull
{
    private readonly record struct Tries(int Failed, int Pending, long Since);

    private readonly Dictionary<TKey, Tries> _keys = [];

    /// <summary>How many attempts have failed.</summary>
    internal int FailedOf(TKey key) => Of(key).Failed;

    /// <summary>How many attempts have failed, or may still fail.</summary>
    internal int HeldOf(TKey key) => Of(key).Failed + Of(key).Pending;

    /// <summary>Records an attempt that is going to be checked.</summary>
    internal void Reserve(TKey key) => Set(key, Of(key) with { Pending = Of(key).Pending + 1 });

    /// <summary>Records that an attempt was checked, or dropped.</summary>
    internal void Settle(TKey key, bool hasFailed)
    {
        Tries tries = Of(key);
        Set(key, tries with
        {
            Failed = tries.Failed + (hasFailed ? 1 : 0),
            Pending = Math.Max(0, tries.Pending - 1),
        });
    }

    private Tries Of(TKey key) =>
        _keys.TryGetValue(key, out Tries tries) && !IsOver(tries)
            ? tries
            : new Tries(0, 0, time.GetTimestamp());

    private void Set(TKey key, Tries tries)
    {
        if (tries is { Failed: 0, Pending: 0 })
        {
            _keys.Remove(key);
            return;
        }

        if (_keys.Count >= keysMax && !_keys.ContainsKey(key))
        {
            MakeRoom();
        }

        _keys[key] = tries;
    }

    private void MakeRoom()
    {
        TKey? oldest = default;
        long since = long.MaxValue;
        foreach ((TKey key, Tries tries) in _keys)
        {
            if (IsOver(tries))
            {
                _keys.Remove(key);
            }
            else if (tries.Since < since)
            {
                (oldest, since) = (key, tries.Since);
            }
        }

        if (_keys.Count >= keysMax && oldest is not null)
        {
            _keys.Remove(oldest);
        }
    }

    private bool IsOver(Tries tries) => time.GetElapsedTime(tries.Since) >= window;
}
