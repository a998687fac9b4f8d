namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Who waits until more slots are free: destinations that hold many, and senders with
/// many deliveries to unproven destinations.</summary>
internal sealed class SlotWaits
{
    private const int LooksMax = 4;

    private readonly Queue<Destination> _crowded = new();
    private readonly Queue<SenderRow> _single = new();
    private readonly Queue<SenderRow> _lists = new();

    internal void AddCrowded(Destination destination)
    {
        if (!destination.IsCrowded)
        {
            destination.IsCrowded = true;
            _crowded.Enqueue(destination);
        }
    }

    internal void AddShort(Lane lane)
    {
        lane.IsInRow = true;
        lane.Sender.AddShort(lane);
        if (!lane.Sender.IsShortOfSlots)
        {
            lane.Sender.IsShortOfSlots = true;
            (lane.IsList ? _lists : _single).Enqueue(lane.Sender);
        }
    }

    /// <summary>A destination that may have a slot now; null where there is none.</summary>
    internal Destination? DequeueCrowded(SlotShares slots)
    {
        for (int i = Math.Min(LooksMax, _crowded.Count); i > 0; i--)
        {
            Destination crowded = _crowded.Dequeue();
            if (slots.HasForDestination(crowded.Running))
            {
                crowded.IsCrowded = false;
                return crowded;
            }

            _crowded.Enqueue(crowded);
        }

        return null;
    }

    /// <summary>A lane whose sender may have a slot now; null where there is none.</summary>
    internal Lane? DequeueShort(SlotShares slots, bool listFirst) =>
        DequeueShort(listFirst ? _lists : _single, slots)
        ?? DequeueShort(listFirst ? _single : _lists, slots);

    private static Lane? DequeueShort(Queue<SenderRow> senders, SlotShares slots)
    {
        for (int i = Math.Min(LooksMax, senders.Count); i > 0; i--)
        {
            SenderRow sender = senders.Dequeue();
            Lane? lane = slots.HasForUnproven(sender.Unproven) ? sender.DequeueShort() : null;
            sender.IsShortOfSlots = sender.HasShort;
            if (sender.IsShortOfSlots)
            {
                senders.Enqueue(sender);
            }

            if (lane is not null)
            {
                return lane;
            }
        }

        return null;
    }
}
