namespace Kopis.Send.Scheduling;

/// <summary>A user of this host whose submitters have something to be delivered on a channel: users
/// take turns, and of a user his submitters. Those who submit over the network are all of one.
/// </summary>
internal sealed class OriginUser(uint uid)
{
    /// <summary>Long messages of all his submitters that have passes at once.</summary>
    private const int LongPassesMax = 8 * OriginQueue.LongPassesMax;

    private readonly Queue<OriginQueue> _short = new(); // Rows that wait for a long pass.

    internal uint Uid { get; } = uid;

    /// <summary>Rows that are known.</summary>
    internal int Rows { get; set; }

    /// <summary>Of them those that have work, each once.</summary>
    internal Queue<OriginQueue> Turns { get; } = new();

    /// <summary>Remote recipients of all rows that wait for their destinations.</summary>
    internal long Parked { get; set; }

    /// <summary>Open passes of long messages, as in <see cref="OriginQueue.LongPasses"/>.
    /// </summary>
    internal int LongPasses { get; set; }

    /// <summary>Another may be opened.</summary>
    internal bool MayOpenLong => LongPasses < LongPassesMax;

    /// <summary>Lets a row wait until another may be opened.</summary>
    internal void AddShort(OriginQueue row)
    {
        if (!row.IsShort)
        {
            row.IsShort = true;
            _short.Enqueue(row);
        }
    }

    /// <summary>The row that has waited longest and still has to; null where there is none.
    /// </summary>
    internal OriginQueue? NextShort()
    {
        while (MayOpenLong && _short.TryDequeue(out OriginQueue? row))
        {
            row.IsShort = false;
            if (row.MayOpenLong)
            {
                return row;
            }
        }

        return null;
    }
}
