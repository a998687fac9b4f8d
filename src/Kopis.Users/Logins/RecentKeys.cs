namespace Kopis.Users.Logins;

/// <summary>Keys that were used a short while ago. Bounded: the one unused for longest makes room.
/// May be used from many threads.</summary>
/// <param name="time">The clock.</param>
/// <param name="lifetime">From a key's last use.</param>
/// <param name="keysMax">Remembered at most.</param>
public sealed class RecentKeys<TKey>(TimeProvider time, TimeSpan lifetime, int keysMax)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, long LastUse)>> _nodes = [];

    // The one unused for longest is first.
    private readonly LinkedList<(TKey Key, long LastUse)> _order = new();

    /// <summary>Whether it was used within the lifetime.</summary>
    public bool Contains(TKey key)
    {
        lock (_lock)
        {
            return _nodes.TryGetValue(key, out var node) && !IsOver(node);
        }
    }

    /// <summary>Records a use.</summary>
    public void Add(TKey key)
    {
        lock (_lock)
        {
            if (_nodes.Remove(key, out var node))
            {
                _order.Remove(node);
            }

            while (_order.First is { } first && (_nodes.Count >= keysMax || IsOver(first)))
            {
                _nodes.Remove(first.Value.Key);
                _order.RemoveFirst();
            }

            _nodes[key] = _order.AddLast((key, time.GetTimestamp()));
        }
    }

    private bool IsOver(LinkedListNode<(TKey Key, long LastUse)> node) =>
        time.GetElapsedTime(node.Value.LastUse) >= lifetime;
}
