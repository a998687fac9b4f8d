using System.Diagnostics.CodeAnalysis;

namespace Kopis.Server.ClientPolicy;

/// <summary>A table of bounded size: the entries unused for longest are dropped first. Not
/// thread-safe.</summary>
/// <param name="entriesMax">The most entries.</param>
/// <param name="isInUse">Whether a value is in use; it is then skipped, if others can be found
/// nearby.</param>
internal sealed class RecentMap<TKey, TValue>(int entriesMax, Func<TValue, bool> isInUse)
    where TKey : notnull
{
    private const int PassedOverMax = 8; // Bounds the cost of a full table.

    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _byUse = new();

    internal int Count => _nodes.Count;

    internal bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (!_nodes.TryGetValue(key, out LinkedListNode<(TKey, TValue Value)>? node))
        {
            value = default;
            return false;
        }

        _byUse.Remove(node);
        _byUse.AddLast(node);
        value = node.Value.Value;
        return true;
    }

    /// <summary>All entries, those unused for longest first.</summary>
    internal IEnumerable<(TKey Key, TValue Value)> Items => _byUse;

    /// <summary>Removes an entry, if it exists.</summary>
    internal void Remove(TKey key)
    {
        if (_nodes.Remove(key, out LinkedListNode<(TKey, TValue)>? old))
        {
            _byUse.Remove(old);
        }
    }

    /// <summary>Adds or replaces an entry.</summary>
    /// <returns>The entry that was dropped for it; null if none was.</returns>
    internal (TKey Key, TValue Value)? Set(TKey key, TValue value)
    {
        (TKey, TValue)? forgotten = null;
        if (_nodes.Remove(key, out LinkedListNode<(TKey, TValue)>? old))
        {
            _byUse.Remove(old);
        }
        else if (_nodes.Count >= entriesMax)
        {
            forgotten = Forget();
        }

        _nodes[key] = _byUse.AddLast((key, value));
        return forgotten;
    }

    private (TKey Key, TValue Value) Forget()
    {
        for (int i = 0; i < PassedOverMax && isInUse(_byUse.First!.Value.Value); i++)
        {
            LinkedListNode<(TKey, TValue)> used = _byUse.First;
            _byUse.RemoveFirst();
            _byUse.AddLast(used);
        }

        (TKey Key, TValue Value) forgotten = _byUse.First!.Value;
        _nodes.Remove(forgotten.Key);
        _byUse.RemoveFirst();
        return forgotten;
    }
}
