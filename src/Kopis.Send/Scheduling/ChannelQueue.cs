namespace Kopis.Send.Scheduling;

/// <summary>The messages that wait on a channel: first by time, then, once they are due, by
/// submitter. Users of this host take turns, and so do the submitters of a user.</summary>
internal sealed class ChannelQueue(DeliveryChannel channel)
{
    /// <summary>How many messages one call moves to the rows of their submitters. Bounds the time
    /// until reports are read again.</summary>
    private const int MovesMax = 10_000;

    private readonly Dictionary<ulong, OriginQueue> _rows = [];
    private readonly Dictionary<uint, OriginUser> _users = [];
    private readonly Queue<OriginUser> _turns = new(); // Users with a row that has work, each once.

    // A message whose time was changed has two entries; the one with the old time is ignored.
    private readonly PriorityQueue<QueuedMessage, long> _waiting = new();

    /// <summary>When the next pass is due; null if nothing waits.</summary>
    internal long? NextDue => _waiting.TryPeek(out _, out long due) ? due : null;

    /// <summary>Lets a message wait for its time, which must be set. Called again if the time was
    /// changed.</summary>
    internal void Enqueue(QueuedMessage message)
    {
        message.SetWaits(channel, true);
        _waiting.Enqueue(message, message.Due(channel));
    }

    /// <summary>Makes all waiting messages due, and drops entries with old times.</summary>
    internal void AllDueNow(long now)
    {
        HashSet<QueuedMessage> waiting = [.. _waiting.UnorderedItems
            .Select(item => item.Element).Where(message => message.Waits(channel))];
        _waiting.Clear();
        foreach (QueuedMessage message in waiting)
        {
            message.SetDue(channel, Math.Min(now, message.Due(channel)));
            Enqueue(message);
        }
    }

    /// <summary>Drops entries with old times if they are more than half of all entries.</summary>
    /// <param name="messages">How many messages there are in all.</param>
    internal void Shrink(int messages)
    {
        if (_waiting.Count <= 2 * (messages + MovesMax))
        {
            return;
        }

        (QueuedMessage Message, long Due)[] valid = [.. _waiting.UnorderedItems
            .Where(item => IsValid(item.Element, item.Priority)).Distinct()];
        _waiting.Clear();
        _waiting.EnqueueRange(valid);
    }

    private bool IsValid(QueuedMessage message, long due) =>
        message.Waits(channel) && message.Due(channel) == due;

    /// <summary>Whether some user has a row with work.</summary>
    internal bool HasDue => _turns.Count > 0;

    /// <summary>Moves due messages into the rows of their submitters.</summary>
    internal void DequeueDue(long now)
    {
        for (int i = 0; i < MovesMax
            && _waiting.TryPeek(out QueuedMessage? message, out long due) && due <= now; i++)
        {
            _waiting.Dequeue();
            if (!IsValid(message, due))
            {
                continue;
            }

            message.SetWaits(channel, false);
            OriginQueue row = RowOf(message);
            (message.IsLong ? row.LongDue : row.Due).Enqueue(message);
            Wake(row);
        }
    }

    /// <summary>The row whose turn it is. The caller returns it by <see cref="Wake"/>.</summary>
    internal OriginQueue? NextTurn()
    {
        if (!_turns.TryDequeue(out OriginUser? user))
        {
            return null;
        }

        OriginQueue row = user.Turns.Dequeue();
        row.HasTurn = false;
        if (user.Turns.Count > 0)
        {
            _turns.Enqueue(user);
        }

        return row;
    }

    /// <summary>Gives the row a turn if it has work; forgets it if it is empty.</summary>
    internal void Wake(OriginQueue row)
    {
        if (row.HasWork && !row.HasTurn)
        {
            row.HasTurn = true;
            row.User.Turns.Enqueue(row);
            if (row.User.Turns.Count == 1)
            {
                _turns.Enqueue(row.User);
            }
        }
        else if (row.IsEmpty && _rows.GetValueOrDefault(row.Submitter) == row)
        {
            _rows.Remove(row.Submitter);
            if (--row.User.Rows == 0)
            {
                _users.Remove(row.User.Uid);
            }
        }

        if (row.HasLongDue && !row.User.MayOpenLong)
        {
            row.User.AddShort(row);
        }
    }

    /// <summary>Called when a long pass of the row ends, or takes no more turns.</summary>
    internal void EndLong(OriginQueue row)
    {
        row.EndLong();
        if (row.User.NextShort() is { } next)
        {
            Wake(next);
        }
    }

    private OriginQueue RowOf(QueuedMessage message)
    {
        if (_rows.TryGetValue(message.Submitter, out OriginQueue? row))
        {
            return row;
        }

        if (!_users.TryGetValue(message.Uid, out OriginUser? user))
        {
            _users.Add(message.Uid, user = new OriginUser(message.Uid));
        }

        user.Rows++;
        row = new OriginQueue(message.Submitter, user);
        _rows.Add(message.Submitter, row);
        return row;
    }
}
