using System.Numerics;

namespace Kopis.Queue.Store.State;

/// <summary>The recipients of a message that an administrator holds: all, or some, with 64 in a
/// word.</summary>
public sealed class HeldRecipients
{
    /// <summary>Used in place of an index: all recipients.</summary>
    public const int Everyone = -1;

    private const int PerWord = 64;
    private const int ObjectBytes = 48;
    private const int WordBytes = 48; // For a dictionary that grows by doubling.

    private bool _holdsAll;
    private ulong _first; // Most messages have no more recipients.
    private Dictionary<int, ulong>? _others;

    /// <summary>How many records of queue/state store it.</summary>
    public int Records => (_holdsAll ? 1 : 0) + BitOperations.PopCount(_first)
        + (_others?.Values.Sum(BitOperations.PopCount) ?? 0);

    /// <summary>Whether no recipient is held.</summary>
    public bool IsEmpty => !_holdsAll && _first == 0 && _others is null;

    /// <summary>Whether one record holds all recipients, so that none can be released alone.
    /// </summary>
    public bool HoldsAll => _holdsAll;

    /// <summary>Roughly how many bytes of memory it takes; 0 if one record holds all recipients.
    /// </summary>
    public long MemoryBytes => _holdsAll ? 0 : ObjectBytes + ((_others?.Count ?? 0) * WordBytes);

    /// <summary>Holds all recipients, by one record.</summary>
    public static HeldRecipients OfAll() => new() { _holdsAll = true };

    public bool Contains(int index) => _holdsAll
        || (Word(index / PerWord) & Bit(index)) != 0;

    public void Hold(int index)
    {
        if (index == Everyone)
        {
            Clear();
            _holdsAll = true;
        }
        else if (!_holdsAll)
        {
            Set(index / PerWord, Word(index / PerWord) | Bit(index));
        }
    }

    public void Release(int index)
    {
        if (index == Everyone)
        {
            Clear();
        }
        else
        {
            Set(index / PerWord, Word(index / PerWord) & ~Bit(index));
        }
    }

    /// <summary>The recipients that <see cref="Hold"/> was called with, each once.</summary>
    public IEnumerable<int> All()
    {
        if (_holdsAll)
        {
            yield return Everyone;
        }

        foreach ((int at, ulong word) in (_others ?? []).Prepend(new(0, _first)))
        {
            for (ulong rest = word; rest != 0; rest &= rest - 1)
            {
                yield return (at * PerWord) + BitOperations.TrailingZeroCount(rest);
            }
        }
    }

    private static ulong Bit(int index) => 1UL << (index % PerWord);

    private ulong Word(int at) => at == 0 ? _first : _others?.GetValueOrDefault(at) ?? 0;

    private void Set(int at, ulong word)
    {
        if (at == 0)
        {
            _first = word;
        }
        else if (word != 0)
        {
            (_others ??= [])[at] = word;
        }
        else if (_others?.Remove(at) == true && _others.Count == 0)
        {
            _others = null;
        }
    }

    private void Clear() => (_holdsAll, _first, _others) = (false, 0, null);
}
