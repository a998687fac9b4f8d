namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Two lists of lanes: single mail and lists. Single mail comes first, but each fourth
/// turn is a list's.</summary>
internal sealed class LaneLists
{
    /// <summary>If both wait, one turn of this many is a list's.</summary>
    internal const int ListTurn = 4;

    private LaneList _single;
    private LaneList _lists;
    private int _turn;

    internal bool IsEmpty => _single.IsEmpty && _lists.IsEmpty;

    internal void Enqueue(Lane lane) => (lane.IsList ? ref _lists : ref _single).Enqueue(lane);

    internal void ForEach(Action<Lane> action)
    {
        _single.ForEach(action);
        _lists.ForEach(action);
    }

    internal Lane Dequeue()
    {
        bool listFirst = ++_turn % ListTurn == 0;
        bool isList = _single.IsEmpty || (listFirst && !_lists.IsEmpty);
        return (isList ? ref _lists : ref _single).Dequeue();
    }
}
