namespace Kopis.Send.Scheduling;

/// <summary>What one submitter has to be delivered on a channel: submitters take turns, so that a
/// hundred thousand messages of one do not keep the others' waiting; and so do his long messages
/// and his others.</summary>
/// <param name="submitter">Who queued it, as <see cref="QueuedMessage.Submitter"/>.</param>
/// <param name="user">The user of this host whose it is.</param>
internal sealed class OriginQueue(ulong submitter, OriginUser user)
{
    /// <summary>Long messages of a submitter that have passes at once on a channel: bounds what is
    /// kept of their envelopes.</summary>
    internal const int LongPassesMax = 4;

    internal ulong Submitter { get; } = submitter;

    internal OriginUser User { get; } = user;

    /// <summary>Messages that are due and have no pass yet, in the order of their times.</summary>
    internal Queue<QueuedMessage> Due { get; } = new();

    /// <summary>The same, of those whose recipients are not in memory.</summary>
    internal Queue<QueuedMessage> LongDue { get; } = new();

    /// <summary>Open passes that may have something left to order.</summary>
    internal Queue<Pass> Rotation { get; } = new();

    /// <summary>Open passes of long messages; remote ones only while they are in the rotation.
    /// </summary>
    internal int LongPasses { get; private set; }

    /// <summary>Remote recipients that wait for their destinations.</summary>
    internal int Parked { get; private set; }

    /// <summary>It takes no turns until fewer wait.</summary>
    internal bool IsFull { get; set; }

    /// <summary>It takes turns.</summary>
    internal bool HasTurn { get; set; }

    /// <summary>It waits until its user may open another long pass.</summary>
    internal bool IsShort { get; set; }

    internal bool MayOpenLong => HasLongDue && User.MayOpenLong;

    /// <summary>It may open a long pass where its user may.</summary>
    internal bool HasLongDue => LongDue.Count > 0 && LongPasses < LongPassesMax;

    /// <summary>Something can be looked at now.</summary>
    internal bool HasWork =>
        !IsFull && (Due.Count + Rotation.Count > 0 || MayOpenLong);

    /// <summary>Nothing knows it any more.</summary>
    internal bool IsEmpty =>
        Due.Count + LongDue.Count + Rotation.Count + LongPasses + Parked == 0;

    /// <summary>More or fewer recipients wait for their destinations.</summary>
    internal void AddParked(int recipients)
    {
        Parked += recipients;
        User.Parked += recipients;
    }

    /// <summary>A long pass is open.</summary>
    internal void BeginLong()
    {
        LongPasses++;
        User.LongPasses++;
    }

    /// <summary>It is not.</summary>
    internal void EndLong()
    {
        LongPasses--;
        User.LongPasses--;
    }
}
