namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The senders of one submitter that wait until more slots are free for unproven
/// destinations.</summary>
internal sealed class ShortSubmitter(ulong key)
{
    // A sender that may have no slot has at least seven times as many as are free, and at least a
    // sixteenth of all are free. So at most two senders are in this state, and of three the next
    // may have a slot.
    private const int LooksMax = 4;

    internal ulong Key { get; } = key;

    internal Queue<SenderRow> Senders { get; } = new();

    /// <summary>A lane that may have a slot now; null if there is none.</summary>
    internal Lane? Dequeue(SlotShares slots)
    {
        for (int i = slots.HasForSubmitter(Key) ? Math.Min(LooksMax, Senders.Count) : 0; i > 0; i--)
        {
            SenderRow sender = Senders.Dequeue();
            Lane? lane = slots.HasForUnproven(sender.Unproven) ? sender.DequeueShort() : null;
            sender.IsShortOfSlots = sender.HasShort;
            if (sender.IsShortOfSlots)
            {
                Senders.Enqueue(sender);
            }

            if (lane is not null)
            {
                return lane;
            }
        }

        return null;
    }
}
