namespace Kopis.Send.Scheduling.Destinations;

/// <summary>A linked list of lanes. A lane itself holds the link, so it is in one list at most.
/// </summary>
internal struct LaneList
{
    private Lane? _first;
    private Lane? _last;

    internal readonly bool IsEmpty => _first is null;

    internal void Enqueue(Lane lane)
    {
        lane.Next = null;
        if (_last is null)
        {
            _first = lane;
        }
        else
        {
            _last.Next = lane;
        }

        _last = lane;
    }

    internal readonly void ForEach(Action<Lane> action)
    {
        for (Lane? lane = _first; lane is not null; lane = lane.Next)
        {
            action(lane);
        }
    }

    internal Lane Dequeue()
    {
        Lane lane = _first!;
        _first = lane.Next;
        _last = _first is null ? null : _last;
        lane.Next = null;
        return lane;
    }
}
