using Kopis.Config.Maps;
using Kopis.Queue.Store.Messages;

namespace Kopis.Send.Scheduling;

/// <summary>Reads long envelopes, and keeps the portions used last: for all messages together no
/// more than <paramref name="keptBytesMax"/>.</summary>
internal sealed class LongEnvelopes(IMessReader mess, AddressMap addresses, long keptBytesMax)
    : ILongEnvelopes
{
    private readonly LinkedList<(ulong Message, int Number, EnvelopePortion Portion)> _used = new();
    private readonly Dictionary<
        (ulong Message, int Number),
        LinkedListNode<(ulong Message, int Number, EnvelopePortion Portion)>> _kept = [];
    private readonly List<LongMessage> _closed = [];
    private long _keptBytes;

    public OpenedEnvelope Open(LongMessage message, HashSet<int> delaysTold)
    {
        _closed.ForEach(closed => closed.Drop());
        _closed.Clear();
        return OpenedEnvelope.Of(mess.ReadEnvelope(message.Number), delaysTold);
    }

    public void Close(LongMessage message) => _closed.Add(message);

    public EnvelopePortion Portion(LongMessage message, OpenedEnvelope opened, int number)
    {
        (ulong, int) key = (message.Number, number);
        if (_kept.TryGetValue(key, out var node))
        {
            _used.Remove(node);
            _used.AddFirst(node);
            return node.Value.Portion;
        }

        EnvelopePortion portion = Read(message.Number, opened, number);
        _kept.Add(key, _used.AddFirst((message.Number, number, portion)));
        _keptBytes += portion.MemoryBytes;
        while (_keptBytes > keptBytesMax && _used.Last! != _used.First!)
        {
            (ulong Message, int Number, EnvelopePortion Portion) last = _used.Last!.Value;
            _used.RemoveLast();
            _kept.Remove((last.Message, last.Number));
            _keptBytes -= last.Portion.MemoryBytes;
        }

        return portion;
    }

    /// <summary>Forgets the portions, since recipients may have moved to the other channel.
    /// </summary>
    internal void Forget()
    {
        _used.Clear();
        _kept.Clear();
        _keptBytes = 0;
    }

    private EnvelopePortion Read(ulong message, OpenedEnvelope opened, int number)
    {
        int recipients = Math.Min(
            EnvelopePortion.RecipientsMax,
            opened.Recipients - (number * EnvelopePortion.RecipientsMax));
        byte[] bytes = new byte[opened.Offsets[number + 1] - opened.Offsets[number]];
        mess.ReadEnvelope(message, opened.Offsets[number], bytes);
        return EnvelopePortion.Parse(bytes, recipients, addresses)
            ?? throw new MessageNotFoundException(message, "its envelope is damaged");
    }
}
