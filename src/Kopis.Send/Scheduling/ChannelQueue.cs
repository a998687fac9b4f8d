namespace Kopis.Send.Scheduling;

/// <summary>What waits on a channel: by time, and, once it is due, by submitter.</summary>
internal sealed class ChannelQueue(DeliveryChannel channel)
{
    /// <summary>Messages that one look moves from their time into their submitter's row: bounds
    /// the work between two looks at reports.</summary>
    private const int MovesMax = 10_000;

    private readonly Dictionary<uint, OriginQueue> _rows = [];
    private readonly Queue<OriginQueue> _turns = new(); // Each row that has work, once.

    /// <summary>Messages by the time of their next pass; one that was made due earlier stands here
    /// at its former time, too, which counts no more.</summary>
    private readonly PriorityQueue<QueuedMessage, long> _waiting = new();

    /// <summary>When the first message that waits is due; null where none does.</summary>
    internal long? NextDue => _waiting.TryPeek(out _, out long due) ? due : null;

    /// <summary>Something is due.</summary>
    internal bool HasDue => _turns.Count > 0;

    /// <summary>The message waits for its next pass.</summary>
    internal void Enqueue(QueuedMessage message)
    {
        message.SetWaiting(channel, true);
        _waiting.Enqueue(message, message.Due(channel));
    }

    /// <summary>A message that waits is due now.</summary>
    internal void DueNow(QueuedMessage message, long now)
    {
        if (message.IsWaiting(channel) && message.Due(channel) > now)
        {
            message.SetDue(channel, now);
            _waiting.Enqueue(message, message.Due(channel));
        }
    }

    /// <summary>All that waits is due now.</summary>
    internal void AllDueNow(long now)
    {
        QueuedMessage[] waiting = [.. _waiting.UnorderedItems.Select(item => item.Element)];
        _waiting.Clear();
        foreach (QueuedMessage message in waiting)
        {
            if (message.IsWaiting(channel))
            {
                message.SetDue(channel, Math.Min(now, message.Due(channel)));
                _waiting.Enqueue(message, message.Due(channel));
            }
        }
    }

    /// <summary>Moves what is due into the rows.</summary>
    internal void DequeueDue(long now)
    {
        for (int i = 0; i < MovesMax
            && _waiting.TryPeek(out QueuedMessage? message, out long due) && due <= now; i++)
        {
            _waiting.Dequeue();
            if (!message.IsWaiting(channel) || message.Due(channel) != due)
            {
                continue;
            }

            message.SetWaiting(channel, false);
            if (!_rows.TryGetValue(message.Uid, out OriginQueue? row))
            {
                _rows.Add(message.Uid, row = new OriginQueue(message.Uid));
            }

            (message.IsLong ? row.LongDue : row.Due).Enqueue(message);
            Wake(row);
        }
    }

    /// <summary>The row whose turn it is; to be given back by <see cref="Wake"/>.</summary>
    internal OriginQueue? NextTurn()
    {
        if (!_turns.TryDequeue(out OriginQueue? row))
        {
            return null;
        }

        row.HasTurn = false;
        return row;
    }

    /// <summary>The row takes turns as long as it has work, and is forgotten with its last pass.
    /// </summary>
    internal void Wake(OriginQueue row)
    {
        if (row.HasWork && !row.HasTurn)
        {
            row.HasTurn = true;
            _turns.Enqueue(row);
        }
        else if (row.IsEmpty && _rows.GetValueOrDefault(row.Uid) == row)
        {
            _rows.Remove(row.Uid);
        }
    }
}
