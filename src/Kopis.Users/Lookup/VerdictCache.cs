using Kopis.Base;

namespace Kopis.Users.Lookup;

/// <summary>Remembers answers about recipients for a short while, in two generations: when the
/// young one is full it becomes the old one, and the old one is dropped. May be used from many
/// threads.</summary>
internal sealed class VerdictCache(TimeProvider time, int addressesMax)
{
    /// <summary>How long a mailbox is remembered as existing.</summary>
    internal static readonly TimeSpan YesLifetime = TimeSpan.FromSeconds(60);

    /// <summary>How long a mailbox is remembered as missing or full. Short, so that one just made
    /// or emptied gets its mail soon.</summary>
    internal static readonly TimeSpan NoLifetime = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Dictionary<byte[], (LookupVerdict Verdict, long Since)> _young =
        new(ByteComparer.Instance);
    private Dictionary<byte[], (LookupVerdict Verdict, long Since)> _old =
        new(ByteComparer.Instance);

    /// <summary>How many addresses are remembered.</summary>
    internal int Count => _young.Count + _old.Count;

    /// <summary>The answer of a short while ago.</summary>
    internal bool TryGet(ReadOnlySpan<byte> address, out LookupVerdict verdict)
    {
        lock (_lock)
        {
            bool known =
                _young.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(address, out var seen)
                || _old.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(address, out seen);
            verdict = seen.Verdict;
            return known && time.GetElapsedTime(seen.Since)
                < (verdict == LookupVerdict.Yes ? YesLifetime : NoLifetime);
        }
    }

    /// <summary>Remembers an answer; Later is not remembered.</summary>
    internal void Add(byte[] address, LookupVerdict verdict)
    {
        if (verdict == LookupVerdict.Later)
        {
            return;
        }

        lock (_lock)
        {
            if (_young.Count >= addressesMax / 2)
            {
                (_young, _old) = (_old, _young);
                _young.Clear();
            }

            _young[address] = (verdict, time.GetTimestamp());
        }
    }
}
