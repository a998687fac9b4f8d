namespace Kopis.Users.Logins;

/// <summary>Keys that were used recently. Bounded: when it is full, the key unused for longest is
/// dropped. May be used from many threads.</summary>
/// <param name="time">The clock.</param>
/// <param name="lifetime">How long after its last use a key is remembered.</param>
/// <param name="keysMax">How many keys are remembered at most.</param>
public sealed class RecentKeys<TKey>(TimeProvider time, TimeSpan lifetime, int keysMax)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, long LastUse)>> _nodes = [];

    // The key unused for longest is first.
    private readonly LinkedList<(TKey Key, long LastUse)> _order = new();

    /// <summary>Whether the key was used within the lifetime.</summary>
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
