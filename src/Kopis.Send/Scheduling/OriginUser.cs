namespace Kopis.Send.Scheduling;

/// <summary>A user of this host whose submitters have mail to deliver on a channel. Users take
/// turns, and so do the submitters of a user. All who submit over the network belong to one user.
/// </summary>
internal sealed class OriginUser(uint uid)
{
    /// <summary>How many long messages of all the user's submitters may have passes at once.
    /// </summary>
    private const int LongPassesMax = 8 * OriginQueue.LongPassesMax;

    private readonly Queue<OriginQueue> _short = new(); // Rows that wait for a long pass.

    internal uint Uid { get; } = uid;

    /// <summary>How many rows the user has.</summary>
    internal int Rows { get; set; }

    /// <summary>The user's rows that have work, each once.</summary>
    internal Queue<OriginQueue> Turns { get; } = new();

    /// <summary>Remote recipients of all rows that wait for their destinations.</summary>
    internal long Parked { get; set; }

    /// <summary>Open passes of long messages, as in <see cref="OriginQueue.LongPasses"/>.
    /// </summary>
    internal int LongPasses { get; set; }

    /// <summary>Whether another pass of a long message may be opened.</summary>
    internal bool MayOpenLong => LongPasses < LongPassesMax;

    /// <summary>Lets a row wait until another pass of a long message may be opened.</summary>
    internal void AddShort(OriginQueue row)
    {
        if (!row.IsShort)
        {
            row.IsShort = true;
            _short.Enqueue(row);
        }
    }

    /// <summary>The row that has waited longest and may open a long pass now; null if there is
    /// none.</summary>
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
