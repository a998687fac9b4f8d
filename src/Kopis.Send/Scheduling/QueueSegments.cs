using Kopis.Queue.Store.Messages;
using Kopis.Send.Clean;

namespace Kopis.Send.Scheduling;

/// <summary>How much of each segment of queue/mess is in use, and what qmail-clean may remove.
/// </summary>
internal sealed class QueueSegments(IMessReader mess, ICleaner clean, Scheduler scheduler)
{
    private readonly Dictionary<ulong, SegmentUse> _uses = [];

    /// <summary>The counts for a segment.</summary>
    internal SegmentUse Use(ulong segment)
    {
        if (!_uses.TryGetValue(segment, out SegmentUse? use))
        {
            _uses.Add(segment, use = new SegmentUse());
        }

        return use;
    }

    /// <summary>Cleans the segments before the one that is being read, since nothing is added to
    /// them any more. They are listed from the disk, because each start of the writer leaves an
    /// empty segment behind.</summary>
    internal void CleanPassed()
    {
        ILookup<ulong, QueuedMessage>? all = null; // Made once, not once for each segment.
        foreach (ulong segment in mess.Segments())
        {
            Use(segment);
            Clean(segment, living: one => (all ??= scheduler.Messages.ToLookup(SegmentOf))[one]);
        }
    }

    /// <summary>Has the segment removed if it is empty, or long runs of finished messages in it
    /// removed. The segment that is being read may still grow.</summary>
    internal void Clean(ulong segment, bool lookForHoles) => Clean(
        segment, lookForHoles
            ? one => scheduler.Messages.Where(message => SegmentOf(message) == one) : null);

    private static ulong SegmentOf(QueuedMessage message) => MessageNumber.Segment(message.Number);

    private void Clean(ulong segment, Func<ulong, IEnumerable<QueuedMessage>>? living)
    {
        if (segment >= mess.Position.Segment || !_uses.TryGetValue(segment, out SegmentUse? use))
        {
            return;
        }

        if (use.Left == 0)
        {
            clean.Ask($"segm/{segment}");
            _uses.Remove(segment);
        }
        else if (living is not null && !use.HasDamage && use.Waiting == 0)
        {
            AskForHoles(segment, use, living(segment));
        }
    }

    private void AskForHoles(ulong segment, SegmentUse use, IEnumerable<QueuedMessage> messages)
    {
        use.FinishedBytes = 0;
        List<(long, long)> living = [.. messages
            .Select(message => (MessageNumber.Offset(message.Number), (long)message.RecordEnd))];
        foreach ((long offset, long length) in Holes.Find(living, use.End))
        {
            clean.Ask($"hole/{segment}/{offset}/{length}");
        }
    }
}
