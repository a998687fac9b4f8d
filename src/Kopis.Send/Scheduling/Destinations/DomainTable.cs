using Kopis.Base;
using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The destinations of domains: the answers of qmail-rspawn, for as long as they are
/// valid, and the questions to send, with submitters taking turns. Bounded: if the table is full,
/// answers that were not used again are dropped.</summary>
internal sealed class DomainTable
{
    /// <summary>How many questions may wait for an answer at once.</summary>
    internal const int QuestionsMax = 1000;

    /// <summary>After this many milliseconds a question gets no answer any more.</summary>
    internal const long AnswerTimeout = 60_000;

    /// <summary>No answer is valid for longer.</summary>
    private const long AnswerLongest = WideFrames.SecondsMax * 1000L;

    private const int EntriesMax = 200_000;
    private const int SenderBytesMax = 1000;
    private const int ShareTimes = 7; // As with slots: at most this many times what is free.

    private readonly Dictionary<byte[], DomainEntry> _entries = new(ByteComparer.Instance);
    private readonly Dictionary<byte[], DomainEntry>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly Dictionary<ulong, AskerRow> _askers = [];
    private readonly Queue<AskerRow> _turns = new(); // Submitters with questions that wait.
    private readonly Queue<(uint Id, DomainEntry Entry)> _asked = new();
    private readonly Dictionary<uint, DomainEntry> _open = [];
    private readonly byte[] _key = new byte[4096];
    private DomainEntry? _next; // Found, and not sent yet.
    private int _evictAt = EntriesMax;
    private uint _lastId;

    internal DomainTable() => _lookup = _entries.GetAlternateLookup<ReadOnlySpan<byte>>();

    internal int Count => _entries.Count;

    /// <summary>Whether a question may be sent.</summary>
    internal bool HasQuestion => (_next ??= NextToAsk()) is not null;

    /// <summary>When the oldest open question times out; null if none is open.</summary>
    internal long? TimeoutAt =>
        _asked.TryPeek(out var oldest) ? oldest.Entry.AskedAt + AnswerTimeout : null;

    /// <summary>The entry of a domain, or of the domain for a sender if the destination depends on
    /// the sender. A missing entry is added.</summary>
    internal DomainEntry Find(ReadOnlySpan<byte> domain, ReadOnlySpan<byte> sender)
    {
        DomainEntry entry = Entry(KeyOf(domain));
        return entry.IsBySender ? Entry(KeyOf(domain, sender)) : entry;
    }

    /// <summary>The same without adding an entry; null if there is none.</summary>
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

    /// <summary>Has a question asked about an entry, once.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="sender">The sender of the mail.</param>
    /// <param name="submitter">The submitter in whose turn the question is asked. If several
    /// submitters want the answer, it is asked in the turn that comes first.</param>
    internal void Ask(DomainEntry entry, ReadOnlySpan<byte> sender, ulong submitter)
    {
        if (entry.AskedBy is not null || (entry.IsAsked && entry.Asker == submitter))
        {
            return;
        }

        if (!entry.IsAsked)
        {
            entry.IsAsked = true;
            entry.Sender = sender[..Math.Min(sender.Length, SenderBytesMax)].ToArray();
        }

        entry.Asker = submitter;
        if (!_askers.TryGetValue(submitter, out AskerRow? asker))
        {
            _askers.Add(submitter, asker = new AskerRow(submitter));
        }

        asker.ToAsk.Enqueue(entry);
        if (asker.ToAsk.Count == 1)
        {
            _turns.Enqueue(asker);
        }
    }

    /// <summary>The next question to send. The answer has its id.</summary>
    internal (uint Id, DomainEntry Entry) DequeueQuestion(long now)
    {
        DomainEntry entry = (_next ?? NextToAsk())!;
        _next = null;
        entry.AskedAt = now;
        _open.Add(++_lastId, entry);
        _asked.Enqueue((_lastId, entry));
        return (_lastId, entry);
    }

    /// <summary>Ends a question that is answered and returns its entry; null if the question is no
    /// longer open.</summary>
    internal DomainEntry? Close(uint id)
    {
        if (_open.Remove(id, out DomainEntry? entry))
        {
            entry.IsAsked = false;
            AskerRow asker = entry.AskedBy!;
            entry.AskedBy = null;
            asker.Out--;
            Forget(asker);
        }

        while (_asked.TryPeek(out var oldest) && !_open.ContainsKey(oldest.Id))
        {
            _asked.Dequeue();
        }

        return entry;
    }

    /// <summary>Ends a question that has timed out; null if there is none.</summary>
    internal DomainEntry? CloseOverdue(long now) =>
        TimeoutAt <= now ? Close(_asked.Peek().Id) : null;

    /// <summary>Called if the clock may have gone back. No question then counts as sent later than
    /// now, and no answer is valid for longer than one that comes now.</summary>
    internal void ClockIs(long now)
    {
        foreach (DomainEntry entry in _entries.Values)
        {
            entry.AskedAt = Math.Min(entry.AskedAt, now);
            entry.Expires = Math.Min(entry.Expires, now + AnswerLongest);
        }
    }

    /// <summary>Lets all answers expire, so that they are asked for again when they are needed.
    /// </summary>
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
            entry.IsUsed = true;
            return entry;
        }

        if (_entries.Count >= _evictAt)
        {
            Evict();
        }

        entry = new DomainEntry(key.ToArray());
        _entries.Add(entry.Key, entry);
        return entry;
    }

    /// <summary>The next question of the submitter whose turn it is.</summary>
    private DomainEntry? NextToAsk()
    {
        for (int i = _turns.Count; i > 0 && _open.Count < QuestionsMax; i--)
        {
            AskerRow asker = _turns.Dequeue();
            bool mayAsk = asker.Out < ShareTimes * (QuestionsMax - _open.Count);
            DomainEntry? entry = mayAsk ? asker.Dequeue() : null;
            if (entry is not null)
            {
                entry.AskedBy = asker;
                asker.Out++;
            }

            if (asker.ToAsk.Count > 0)
            {
                _turns.Enqueue(asker);
            }

            Forget(asker);
            if (entry is not null)
            {
                return entry;
            }
        }

        return null;
    }

    private void Forget(AskerRow asker)
    {
        if (asker.Out == 0 && asker.ToAsk.Count == 0)
        {
            _askers.Remove(asker.Key);
        }
    }

    /// <summary>Drops answers if there are too many. Only answers count: a submitter with many
    /// unanswered domains does not displace what is known.</summary>
    private void Evict()
    {
        List<DomainEntry> known =
            [.. _entries.Values.Where(one => one.IsKnown && !one.IsAsked)];
        if (known.Count > EntriesMax / 2)
        {
            bool allUsed = known.Count(one => one.IsUsed) > EntriesMax / 2;
            foreach (DomainEntry entry in known)
            {
                if (allUsed || !entry.IsUsed)
                {
                    _entries.Remove(entry.Key);
                }

                entry.IsUsed = false;
            }
        }

        _evictAt = Math.Max(EntriesMax, 2 * _entries.Count);
    }
}
