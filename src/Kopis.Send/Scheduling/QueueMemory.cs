namespace Kopis.Send.Scheduling;

/// <summary>
/// control/queuememory, and who has how much of it. A user of this host has as much as he leaves
/// free, and one message. Those who submit over the network are of one user: each of them has no
/// more than what is free is more than what all of them have, and one message while they have no
/// more than seven times what is free.
/// </summary>
/// <remarks>The share of what is free: Choudhury and Hahne, "Dynamic Queue Length Thresholds for
/// Shared-Memory Packet Switches", 1998.</remarks>
internal sealed class QueueMemory(long bytesMax)
{
    private const int UidShift = 32;
    private const int Times = 7; // As for slots (SlotShares).

    private readonly Dictionary<ulong, long> _bySubmitter = [];
    private readonly Dictionary<uint, long> _byUid = [];
    private readonly Dictionary<uint, long> _rowsByUid = [];
    private long _ofRoutes;

    /// <summary>How much there is; a new number counts from now on.</summary>
    internal long BytesMax { get; set; } = bytesMax;

    /// <summary>What is taken of it.</summary>
    internal long Used { get; private set; }

    /// <summary>Nothing is free.</summary>
    internal bool IsFull => Used >= BytesMax;

    /// <summary>Messages that an administrator sends another way may be taken up though they have
    /// no room in their user's part: what is kept of those ways keeps none of them waiting.
    /// </summary>
    internal bool HasRoomToAct => Used - _ofRoutes < BytesMax - (3 * (BytesMax / 8))
        && Used < BytesMax - (BytesMax / 16);

    /// <summary>It may be kept which way he sends others; the last eighth is for new ones.
    /// </summary>
    internal bool HasRoomForRoutes => Used < BytesMax - (BytesMax / 8);

    /// <summary>Half of it is taken.</summary>
    internal bool IsScarce => Used >= BytesMax / 2;

    /// <summary>The user of a <see cref="QueuedMessage.Submitter"/>.</summary>
    internal static uint UidOf(ulong submitter) => (uint)(submitter >> UidShift);

    /// <summary>Bytes that a submitter's messages in memory hold.</summary>
    internal long HeldBy(ulong submitter) => _bySubmitter.GetValueOrDefault(submitter);

    /// <summary>A message in memory is new, or is gone.</summary>
    internal void Hold(ulong submitter, long bytes)
    {
        Used += bytes;
        Add(_bySubmitter, submitter, bytes);
        Add(_byUid, UidOf(submitter), bytes);
    }

    /// <summary>What is kept of messages on the disk is in nobody's part.</summary>
    internal void HoldForAll(long bytes) => Used += bytes;

    /// <summary>The same, of the ways that they go.</summary>
    internal void HoldRoutes(long bytes)
    {
        Used += bytes;
        _ofRoutes += bytes;
    }

    /// <summary>What is kept of a submitter who has messages on the disk is in his user's part:
    /// a user may have any number of submitters.</summary>
    internal void HoldRow(ulong submitter, long bytes)
    {
        Used += bytes;
        Add(_rowsByUid, UidOf(submitter), bytes);
    }

    /// <summary>Whether a submitter may have another message in memory: over the network none of a
    /// user's where the one with the least may not.</summary>
    internal bool HasRoom(ulong submitter)
    {
        uint uid = UidOf(submitter);
        long messages = _byUid.GetValueOrDefault(uid);
        return messages == 0 || HasRoom(
            submitter, HeldBy(submitter), messages + _rowsByUid.GetValueOrDefault(uid),
            BytesMax - Used);
    }

    /// <summary>The same for anything that is shared in this way.</summary>
    /// <param name="submitter">Who.</param>
    /// <param name="own">What he has.</param>
    /// <param name="ofUser">What all submitters of the same user have.</param>
    /// <param name="free">What nobody has.</param>
    internal static bool HasRoom(ulong submitter, long own, long ofUser, long free)
    {
        bool isUserHimself = (uint)submitter == 0;
        return ofUser == 0
            || (isUserHimself ? ofUser <= free
                : own == 0 ? ofUser <= Times * free
                : own <= free - ofUser);
    }

    private static void Add<T>(Dictionary<T, long> held, T key, long bytes)
        where T : notnull
    {
        long now = held.GetValueOrDefault(key) + bytes;
        if (now > 0)
        {
            held[key] = now;
        }
        else
        {
            held.Remove(key);
        }
    }
}
