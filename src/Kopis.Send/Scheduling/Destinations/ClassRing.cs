namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The lanes of single mail, or those of lists. Submitters take turns, so do the senders
/// of a submitter and the lanes of a sender.</summary>
internal sealed class ClassRing(bool isList)
{
    private readonly Dictionary<ulong, SubmitterRow> _submitters = [];
    private readonly Queue<SubmitterRow> _turns = new();

    internal bool IsList { get; } = isList;

    internal bool HasReady => _turns.Count > 0;

    internal Lane LaneOf(ulong submitter, ulong sender, Destination destination)
    {
        if (!_submitters.TryGetValue(submitter, out SubmitterRow? his))
        {
            _submitters.Add(submitter, his = new SubmitterRow(this, submitter));
        }

        if (!his.Senders.TryGetValue(sender, out SenderRow? row))
        {
            his.Senders.Add(sender, row = new SenderRow(his, sender));
        }

        if (!row.Lanes.TryGetValue(destination, out Lane? lane))
        {
            row.Lanes.Add(destination, lane = new Lane(row, destination));
        }

        return lane;
    }

    /// <summary>Gives a lane with mail a place in the turns.</summary>
    internal void AddReady(Lane lane)
    {
        lane.IsInRow = true;
        lane.Destination.ReadyLanes++;
        lane.Sender.AddReady(lane);
        Wake(lane.Sender);
    }

    /// <summary>Removes and returns the lane whose turn it is; null if there is none.</summary>
    internal Lane? Next()
    {
        if (!_turns.TryDequeue(out SubmitterRow? submitter))
        {
            return null;
        }

        submitter.HasTurn = false;
        SenderRow sender = submitter.Turns.Dequeue();
        sender.HasTurn = false;
        Lane lane = sender.DequeueReady();
        lane.IsInRow = false;
        lane.Destination.ReadyLanes--;
        Wake(sender);
        WakeSubmitter(submitter);
        return lane;
    }

    /// <summary>Forgets a lane without shares, and then a sender without lanes and a submitter
    /// without senders.</summary>
    internal void Forget(Lane lane)
    {
        if (lane.Shares.Count == 0 && !lane.IsInRow)
        {
            lane.Sender.Lanes.Remove(lane.Destination);
            Forget(lane.Sender);
        }
    }

    internal void Forget(SenderRow sender)
    {
        SubmitterRow submitter = sender.Submitter;
        if (sender.IsEmpty && submitter.Senders.Remove(sender.Key)
            && submitter.Senders.Count == 0)
        {
            _submitters.Remove(submitter.Key);
        }
    }

    private void Wake(SenderRow sender)
    {
        if (sender.HasReady && !sender.HasTurn)
        {
            sender.HasTurn = true;
            sender.Submitter.Turns.Enqueue(sender);
            WakeSubmitter(sender.Submitter);
        }
    }

    private void WakeSubmitter(SubmitterRow submitter)
    {
        if (submitter.Turns.Count > 0 && !submitter.HasTurn)
        {
            submitter.HasTurn = true;
            _turns.Enqueue(submitter);
        }
    }
}
