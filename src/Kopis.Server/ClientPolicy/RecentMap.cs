using System.Diagnostics.CodeAnalysis;

namespace Kopis.Server.ClientPolicy;

/// <summary>A table that never grows over its size: what was not used for the longest time is
/// forgotten first. Its owner keeps threads apart.</summary>
/// <param name="entriesMax">Its size.</param>
/// <param name="isInUse">Such a value is skipped, as long as others are near.</param>
internal sealed class RecentMap<TKey, TValue>(int entriesMax, Func<TValue, bool> isInUse)
    where TKey : notnull
{
    private const int PassedOverMax = 8; // So that a full table costs no more than this.

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

    /// <summary>All of it, first what was not used for the longest time.</summary>
    internal IEnumerable<(TKey Key, TValue Value)> Items => _byUse;

    /// <summary>Takes one out, if it is there.</summary>
    internal void Remove(TKey key)
    {
        if (_nodes.Remove(key, out LinkedListNode<(TKey, TValue)>? old))
        {
            _byUse.Remove(old);
        }
    }

    /// <summary>Adds or replaces.</summary>
    /// <returns>What was forgotten for it; null for nothing.</returns>
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
