using System.Diagnostics.CodeAnalysis;
using Kopis.Base;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Which destination a domain's mail has: what qmail-rspawn has said, for as long as it
/// holds, and what it is to be asked. Bounded: where it is full, what nobody waits for goes.
/// </summary>
internal sealed class DomainTable
{
    /// <summary>Questions that are out at once.</summary>
    internal const int QuestionsMax = 1000;

    /// <summary>A question without an answer for so many milliseconds has none.</summary>
    internal const long AnswerTimeout = 60_000;

    private const int EntriesMax = 200_000;
    private const int SenderBytesMax = 1000;

    private readonly Dictionary<byte[], DomainEntry> _entries = new(new ByBytes());
    private readonly Dictionary<byte[], DomainEntry>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly Queue<DomainEntry> _toAsk = new();
    private readonly Queue<(uint Id, DomainEntry Entry)> _asked = new();
    private readonly Dictionary<uint, DomainEntry> _open = [];
    private readonly byte[] _key = new byte[4096];
    private uint _lastId;

    internal DomainTable() => _lookup = _entries.GetAlternateLookup<ReadOnlySpan<byte>>();

    internal int Count => _entries.Count;

    /// <summary>A question may go out.</summary>
    internal bool HasQuestion => _toAsk.Count > 0 && _open.Count < QuestionsMax;

    /// <summary>When the oldest question has had its time; null where none is out.</summary>
    internal long? TimeoutAt =>
        _asked.TryPeek(out var oldest) ? oldest.Entry.AskedAt + AnswerTimeout : null;

    /// <summary>The entry of a domain, or of a domain for a sender where that matters.</summary>
    internal DomainEntry Find(ReadOnlySpan<byte> domain, ReadOnlySpan<byte> sender)
    {
        DomainEntry entry = Entry(KeyOf(domain));
        return entry.IsBySender ? Entry(KeyOf(domain, sender)) : entry;
    }

    /// <summary>The same, where there is one.</summary>
    internal DomainEntry? TryFind(ReadOnlySpan<byte> domain, ReadOnlySpan<byte> sender) =>
        !_lookup.TryGetValue(KeyOf(domain), out DomainEntry? entry) ? null
        : !entry.IsBySender ? entry
        : _lookup.TryGetValue(KeyOf(domain, sender), out DomainEntry? own) ? own
        : null;

    private ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> domain)
    {
        int end = Math.Min(domain.Length, _key.Length - SenderBytesMax - 1);
        for (int i = 0; i < end; i++)
        {
            _key[i] = Ascii8.ToLower(domain[i]);
        }

        return _key.AsSpan(0, end);
    }

    private ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> domain, ReadOnlySpan<byte> sender)
    {
        int end = KeyOf(domain).Length;
        sender = sender[..Math.Min(sender.Length, SenderBytesMax)];
        _key[end] = 0;
        sender.CopyTo(_key.AsSpan(end + 1));
        return _key.AsSpan(0, end + 1 + sender.Length);
    }

    /// <summary>Has the entry's question asked, once.</summary>
    /// <param name="entry">Whose.</param>
    /// <param name="sender">Who wants to know it.</param>
    internal void Ask(DomainEntry entry, ReadOnlySpan<byte> sender)
    {
        if (!entry.IsAsked)
        {
            entry.IsAsked = true;
            entry.Sender = sender[..Math.Min(sender.Length, SenderBytesMax)].ToArray();
            _toAsk.Enqueue(entry);
        }
    }

    /// <summary>The next question; its id stands in the answer.</summary>
    internal (uint Id, DomainEntry Entry) DequeueQuestion(long now)
    {
        DomainEntry entry = _toAsk.Dequeue();
        entry.AskedAt = now;
        _open.Add(++_lastId, entry);
        _asked.Enqueue((_lastId, entry));
        return (_lastId, entry);
    }

    /// <summary>The entry of a question that is answered; null where it is not open any more.
    /// </summary>
    internal DomainEntry? Close(uint id)
    {
        if (_open.Remove(id, out DomainEntry? entry))
        {
            entry.IsAsked = false;
        }

        while (_asked.TryPeek(out var oldest) && !_open.ContainsKey(oldest.Id))
        {
            _asked.Dequeue();
        }

        return entry;
    }

    /// <summary>A question that has had its time; null where there is none.</summary>
    internal DomainEntry? CloseOverdue(long now) =>
        TimeoutAt <= now ? Close(_asked.Peek().Id) : null;

    /// <summary>All that is known is to be asked again when it is needed.</summary>
    internal void ExpireAll()
    {
        foreach (DomainEntry entry in _entries.Values)
        {
            entry.Expires = 0;
        }
    }

    private DomainEntry Entry(ReadOnlySpan<byte> key)
    {
        if (_lookup.TryGetValue(key, out DomainEntry? entry))
        {
            return entry;
        }

        if (_entries.Count >= EntriesMax)
        {
            foreach (DomainEntry old in _entries.Values.Where(one => !one.IsAsked).ToList())
            {
                _entries.Remove(old.Key);
            }
        }

        entry = new DomainEntry(key.ToArray());
        _entries.Add(entry.Key, entry);
        return entry;
    }

    private sealed class ByBytes
        : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode([DisallowNull] byte[] bytes) => GetHashCode(bytes.AsSpan());

        public bool Equals(ReadOnlySpan<byte> left, byte[] right) => left.SequenceEqual(right);

        public int GetHashCode(ReadOnlySpan<byte> bytes)
        {
            HashCode hash = default;
            hash.AddBytes(bytes);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> bytes) => bytes.ToArray();
    }
}
