namespace Kopis.Base;

/// <summary>Places that many have, each no more than a number at once, so that none takes those of
/// others. May be used from many threads.</summary>
public sealed class PlaceCounts<TKey>
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, int> _taken = [];

    /// <summary>Takes a place, to be given back by <see cref="Leave"/>.</summary>
    /// <returns>False if it has <paramref name="most"/>.</returns>
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

    /// <summary>Gives one back.</summary>
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
