namespace Kopis.Send.Scheduling;

/// <summary>What waits on a channel: by time, and, once it is due, by submitter.</summary>
internal sealed class ChannelQueue
{
    /// <summary>Messages that one look moves from their time into their submitter's row: bounds
    /// the work between two looks at reports.</summary>
    private const int MovesMax = 10_000;

    private readonly Dictionary<uint, OriginQueue> _rows = [];
    private readonly Queue<OriginQueue> _turns = new(); // Each row that has work, once.

    /// <summary>Messages by the time of their next pass.</summary>
    internal PriorityQueue<QueuedMessage, long> Waiting { get; } = new();

    /// <summary>Something is due.</summary>
    internal bool HasDue => _turns.Count > 0;

    /// <summary>Moves what is due into the rows.</summary>
    internal void DequeueDue(long now)
    {
        for (int i = 0; i < MovesMax
            && Waiting.TryPeek(out QueuedMessage? message, out long due) && due <= now; i++)
        {
            Waiting.Dequeue();
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
        else if (row.IsEmpty)
        {
            _rows.Remove(row.Uid);
        }
    }
}
