namespace Kopis.Base;

/// <summary>Counts the places that each key occupies. A key has at most a given number at once, so
/// that it cannot take the places of others. May be used from many threads.</summary>
public sealed class PlaceCounts<TKey>
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, int> _taken = [];

    /// <summary>Takes a place, to be given back by <see cref="Leave"/>.</summary>
    /// <returns>False if the key has <paramref name="most"/> already.</returns>
    public bool TryEnter(TKey key, int most)
    {
        lock (_lock)
        {
            int taken = _taken.GetValueOrDefault(key);
            if (taken < most)
            {
                _taken[key] = taken + 1;
            }

            return taken < most;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(TKey key)
    {
        lock (_lock)
        {
            if (--_taken[key] == 0)
            {
                _taken.Remove(key);
            }
        }
    }
}
