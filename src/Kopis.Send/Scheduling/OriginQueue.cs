namespace Kopis.Send.Scheduling;

/// <summary>The mail of one submitter that is due on a channel. Submitters take turns, so that a
/// hundred thousand messages of one do not hold up the others; a submitter's long and short
/// messages take turns, too.</summary>
/// <param name="submitter">The submitter, as in <see cref="QueuedMessage.Submitter"/>.</param>
/// <param name="user">The user of this host that the submitter belongs to.</param>
internal sealed class OriginQueue(ulong submitter, OriginUser user)
{
    /// <summary>How many long messages of a submitter may have passes at once on a channel. Bounds
    /// the memory for their envelopes.</summary>
    internal const int LongPassesMax = 4;

    internal ulong Submitter { get; } = submitter;

    internal OriginUser User { get; } = user;

    /// <summary>Messages that are due and have no pass yet, in the order of their times.</summary>
    internal Queue<QueuedMessage> Due { get; } = new();

    /// <summary>The same for messages whose recipients are not in memory.</summary>
    internal Queue<QueuedMessage> LongDue { get; } = new();

    /// <summary>Open passes that may have something left to order.</summary>
    internal Queue<Pass> Rotation { get; } = new();

    /// <summary>Open passes of long messages; remote ones only while they are in the rotation.
    /// </summary>
    internal int LongPasses { get; private set; }

    /// <summary>Remote recipients that wait for their destinations.</summary>
    internal int Parked { get; private set; }

    /// <summary>Whether it takes no turns until fewer of its recipients wait.</summary>
    internal bool IsFull { get; set; }

    /// <summary>Whether it takes turns.</summary>
    internal bool HasTurn { get; set; }

    /// <summary>Whether it waits until its user may open another long pass.</summary>
    internal bool IsShort { get; set; }

    internal bool MayOpenLong => HasLongDue && User.MayOpenLong;

    /// <summary>Whether it may open a long pass if its user may.</summary>
    internal bool HasLongDue => LongDue.Count > 0 && LongPasses < LongPassesMax;

    /// <summary>Whether it has work to do now.</summary>
    internal bool HasWork =>
        !IsFull && (Due.Count + Rotation.Count > 0 || MayOpenLong);

    /// <summary>Whether it has no messages and no recipients left.</summary>
    internal bool IsEmpty =>
        Due.Count + LongDue.Count + Rotation.Count + LongPasses + Parked == 0;

    /// <summary>Changes how many recipients wait for their destinations.</summary>
    internal void AddParked(int recipients)
    {
        Parked += recipients;
        User.Parked += recipients;
    }

    /// <summary>Counts a long pass that is opened.</summary>
    internal void BeginLong()
    {
        LongPasses++;
        User.LongPasses++;
    }

    /// <summary>Counts a long pass that is closed.</summary>
    internal void EndLong()
    {
        LongPasses--;
        User.LongPasses--;
    }
}
