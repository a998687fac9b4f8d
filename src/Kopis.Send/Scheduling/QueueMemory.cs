namespace Kopis.Send.Scheduling;

/// <summary>
/// Shares the memory of control/queuememory among submitters. A user of this host may use as much
/// as is still free, and always one message. All who submit over the network belong to one user:
/// each of them may use as much as the free memory exceeds what all of them use, and one message
/// while together they use at most seven times what is free.
/// </summary>
/// <remarks>Shares that depend on what is free: Choudhury and Hahne, "Dynamic Queue Length
/// Thresholds for Shared-Memory Packet Switches", 1998.</remarks>
internal sealed class QueueMemory(long bytesMax)
{
    private const int UidShift = 32;
    private const int Times = 7; // As for slots (SlotShares).

    private readonly Dictionary<ulong, long> _bySubmitter = [];
    private readonly Dictionary<uint, long> _byUid = [];
    private readonly Dictionary<uint, long> _rowsByUid = [];
    private long _ofRoutes;

    /// <summary>The size of the memory; a new size applies from now on.</summary>
    internal long BytesMax { get; set; } = bytesMax;

    /// <summary>How much of it is used.</summary>
    internal long Used { get; private set; }

    /// <summary>Whether nothing is free.</summary>
    internal bool IsFull => Used >= BytesMax;

    /// <summary>Whether messages to which an administrator has given a route may be read into
    /// memory though their user's share is full. What the routes themselves take does not count
    /// here.</summary>
    internal bool HasRoomToAct => Used - _ofRoutes < BytesMax - (3 * (BytesMax / 8))
        && Used < BytesMax - (BytesMax / 16);

    /// <summary>Whether routes of more messages may be kept; the last eighth is for new messages.
    /// </summary>
    internal bool HasRoomForRoutes => Used < BytesMax - (BytesMax / 8);

    /// <summary>Whether half of it is used.</summary>
    internal bool IsScarce => Used >= BytesMax / 2;

    /// <summary>The user of a <see cref="QueuedMessage.Submitter"/>.</summary>
    internal static uint UidOf(ulong submitter) => (uint)(submitter >> UidShift);

    /// <summary>Bytes that a submitter's messages in memory hold.</summary>
    internal long HeldBy(ulong submitter) => _bySubmitter.GetValueOrDefault(submitter);

    /// <summary>Adds the memory of a message, or gives it back.</summary>
    internal void Hold(ulong submitter, long bytes)
    {
        Used += bytes;
        Add(_bySubmitter, submitter, bytes);
        Add(_byUid, UidOf(submitter), bytes);
    }

    /// <summary>Adds memory for messages on the disk, which counts in nobody's share.</summary>
    internal void HoldForAll(long bytes) => Used += bytes;

    /// <summary>The same for their routes.</summary>
    internal void HoldRoutes(long bytes)
    {
        Used += bytes;
        _ofRoutes += bytes;
    }

    /// <summary>Adds memory for a submitter with messages on the disk. It counts in the user's
    /// share, since a user may have any number of submitters.</summary>
    internal void HoldRow(ulong submitter, long bytes)
    {
        Used += bytes;
        Add(_rowsByUid, UidOf(submitter), bytes);
    }

    /// <summary>Whether a submitter may have another message in memory. Over the network, if the
    /// one who uses least may not, none may.</summary>
    internal bool HasRoom(ulong submitter)
    {
        uint uid = UidOf(submitter);
        long messages = _byUid.GetValueOrDefault(uid);
        return messages == 0 || HasRoom(
            submitter, HeldBy(submitter), messages + _rowsByUid.GetValueOrDefault(uid),
            BytesMax - Used);
    }

    /// <summary>The same rule for anything that is shared in this way.</summary>
    /// <param name="submitter">The submitter.</param>
    /// <param name="own">What the submitter uses.</param>
    /// <param name="ofUser">What all submitters of the same user use.</param>
    /// <param name="free">What is free.</param>
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
