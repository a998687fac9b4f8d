namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Those who wait until more slots are free: destinations that hold many, and submitters
/// with many deliveries to unproven destinations.</summary>
internal sealed class SlotWaits
{
    private const int LooksMax = 4; // As for the senders of a submitter.

    private readonly Queue<Destination> _crowded = new();
    private readonly Queue<ShortSubmitter> _single = new();
    private readonly Queue<ShortSubmitter> _lists = new();
    private readonly Dictionary<(bool IsList, ulong Key), ShortSubmitter> _rows = [];

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
        ulong submitter = lane.Submitter;
        lane.IsInRow = true;
        lane.Sender.AddShort(lane);
        if (lane.Sender.IsShortOfSlots)
        {
            return;
        }

        lane.Sender.IsShortOfSlots = true;
        if (!_rows.TryGetValue((lane.IsList, submitter), out ShortSubmitter? row))
        {
            _rows.Add((lane.IsList, submitter), row = new ShortSubmitter(submitter));
            (lane.IsList ? _lists : _single).Enqueue(row);
        }

        row.Senders.Enqueue(lane.Sender);
    }

    /// <summary>A destination that may have a slot now; null if there is none.</summary>
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

    /// <summary>A lane whose sender may have a slot now; null if there is none.</summary>
    internal Lane? DequeueShort(SlotShares slots, bool listFirst) =>
        DequeueOf(listFirst, slots) ?? DequeueOf(!listFirst, slots);

    private Lane? DequeueOf(bool isList, SlotShares slots)
    {
        Queue<ShortSubmitter> rows = isList ? _lists : _single;
        for (int i = Math.Min(LooksMax, rows.Count); i > 0; i--)
        {
            ShortSubmitter row = rows.Dequeue();
            Lane? lane = row.Dequeue(slots);
            if (row.Senders.Count > 0)
            {
                rows.Enqueue(row);
            }
            else
            {
                _rows.Remove((isList, row.Key));
            }

            if (lane is not null)
            {
                return lane;
            }
        }

        return null;
    }
}
